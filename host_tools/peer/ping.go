// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"golang.zx2c4.com/wireguard/tun/netstack"
)

const (
	maxPings        = 1000
	maxPingBytes    = 1400
	echoHeaderBytes = 8
	echoRequest4    = 8   // RFC 792
	echoRequest6    = 128 // RFC 4443
)

type pingRequest struct {
	Address    netip.Addr `json:"address"`
	Count      int        `json:"count"`
	Bytes      int        `json:"bytes"`
	IntervalMs int        `json:"interval_ms"`
	WaitMs     int        `json:"wait_ms"` // for each answer
}

type pingResult struct {
	Sent     int       `json:"sent"`
	Received int       `json:"received"`
	RttMs    []float64 `json:"rtt_ms"`
}

func opPing(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	request := pingRequest{Count: 10, Bytes: 56, IntervalMs: 20, WaitMs: 1000}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	if request.Count < 1 || request.Count > maxPings ||
		request.Bytes < 0 || request.Bytes > maxPingBytes {
		return nil, fmt.Errorf("count 1..%d, bytes 0..%d", maxPings, maxPingBytes)
	}
	c, err := t.net.DialPingAddr(netip.Addr{}, request.Address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return request.run(ctx, c)
}

func (r pingRequest) run(ctx context.Context, c *netstack.PingConn) (any, error) {
	answers := make(chan uint16, maxPings)
	stop := make(chan struct{})
	defer func() {
		close(stop)
		_ = c.SetReadDeadline(time.Now()) // closing alone would not wake the reader
	}()
	go readAnswers(c, answers, stop)
	result := pingResult{RttMs: []float64{}}
	for seq := range r.Count {
		// The reader must be parked before an answer can come: PingConn only sees later arrivals.
		if err := sleep(ctx, max(time.Duration(r.IntervalMs), 2)*time.Millisecond); err != nil {
			return nil, err
		}
		sent := time.Now()
		if _, err := c.Write(r.echo(uint16(seq))); err != nil {
			return nil, err
		}
		result.Sent++
		if waitAnswer(ctx, answers, uint16(seq), time.Duration(r.WaitMs)*time.Millisecond) {
			result.Received++
			result.RttMs = append(result.RttMs, float64(time.Since(sent).Microseconds())/1000)
		}
	}
	return result, nil
}

// echo builds an ICMP or ICMPv6 echo request; the stack fills in identifier and checksum.
func (r pingRequest) echo(seq uint16) []byte {
	message := make([]byte, echoHeaderBytes+r.Bytes)
	message[0] = echoRequest4
	if r.Address.Is6() {
		message[0] = echoRequest6
	}
	binary.BigEndian.PutUint16(message[6:], seq)
	for i := range message[echoHeaderBytes:] {
		message[echoHeaderBytes+i] = byte(i)
	}
	return message
}

func readAnswers(c *netstack.PingConn, answers chan<- uint16, stop <-chan struct{}) {
	buffer := make([]byte, echoHeaderBytes+maxPingBytes)
	for {
		n, _, err := c.ReadFrom(buffer)
		if err != nil {
			return
		}
		if n < echoHeaderBytes {
			continue
		}
		select {
		case answers <- binary.BigEndian.Uint16(buffer[6:]):
		case <-stop:
			return
		}
	}
}

func waitAnswer(ctx context.Context, answers <-chan uint16, seq uint16, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case got := <-answers:
			if got == seq {
				return true
			}
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
