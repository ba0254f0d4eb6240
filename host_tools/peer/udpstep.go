// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// stepRequest sends datagrams one at a time: the next one leaves when the last one was acknowledged,
// by a datagram that begins with the same sequence number, or after WaitMs. MicroPython 1.25 keeps
// one unread datagram for each socket: a faster sender would count that instead of the tunnel.
type stepRequest struct {
	To       netip.AddrPort `json:"to"`
	FromPort uint16         `json:"from_port"`
	Count    int            `json:"count"`
	Bytes    int            `json:"bytes"`
	WaitMs   int            `json:"wait_ms"`
}

type stepResult struct {
	Sent         int     `json:"sent"`
	Acknowledged int     `json:"acknowledged"`
	Seconds      float64 `json:"seconds"`
}

func opUDPStep(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	request := stepRequest{WaitMs: 200}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	if err := checkDatagrams(request.Count, request.Bytes); err != nil {
		return nil, err
	}
	from := netip.AddrPortFrom(netip.Addr{}, request.FromPort)
	c, err := t.net.DialUDPAddrPort(from, request.To)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return request.run(ctx, c)
}

func (r stepRequest) run(ctx context.Context, c net.Conn) (any, error) {
	var result stepResult
	datagram := numbered(r.Bytes)
	started := time.Now()
	for sequence := range r.Count {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("after %d datagrams: %w", sequence, err)
		}
		binary.BigEndian.PutUint32(datagram, uint32(sequence))
		if _, err := c.Write(datagram); err != nil {
			return nil, err
		}
		result.Sent++
		until := time.Now().Add(time.Duration(r.WaitMs) * time.Millisecond)
		if acknowledged(c, uint32(sequence), until) {
			result.Acknowledged++
		}
	}
	result.Seconds = time.Since(started).Seconds()
	return result, nil
}

func acknowledged(c net.Conn, sequence uint32, until time.Time) bool {
	_ = c.SetReadDeadline(until)
	buffer := make([]byte, maxDatagramBytes)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return false
		}
		if n >= sequenceBytes && binary.BigEndian.Uint32(buffer) == sequence {
			return true
		}
	}
}
