// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

const (
	maxDatagrams     = 10_000_000
	maxDatagramBytes = 9000
	sequenceBytes    = 4                    // big endian, at the start of each datagram
	timerStep        = 2 * time.Millisecond // the runtime's timers are no finer than 1 ms
)

// udpCounter counts the datagrams of one port by the sequence number in their first four bytes.
type udpCounter struct {
	conn net.PacketConn

	mu         sync.Mutex
	seen       map[uint32]struct{}
	datagrams  int
	bytes      int64
	duplicates int
	reordered  int
	highest    int64
	first      time.Time
	last       time.Time
}

type udpCount struct {
	Datagrams  int     `json:"datagrams"`
	Bytes      int64   `json:"bytes"`
	Distinct   int     `json:"distinct"`
	Duplicates int     `json:"duplicates"`
	Reordered  int     `json:"reordered"`
	Seconds    float64 `json:"seconds"` // from the first to the last
}

type udpRequest struct {
	Port    uint16 `json:"port"`
	Expect  int    `json:"expect"`
	QuietMs int    `json:"quiet_ms"`
}

func opUDPListen(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request udpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	if request.Port == 0 {
		return nil, errors.New("udp_listen needs a port")
	}
	c, err := t.net.ListenUDPAddrPort(netip.AddrPortFrom(netip.Addr{}, request.Port))
	if err != nil {
		return nil, err
	}
	if err := t.keep(c); err != nil {
		return nil, err
	}
	counter := &udpCounter{conn: c, seen: map[uint32]struct{}{}, highest: -1}
	t.mu.Lock()
	t.udp[request.Port] = counter
	t.mu.Unlock()
	go counter.run()
	return map[string]uint16{"port": request.Port}, nil
}

func (u *udpCounter) run() {
	buffer := make([]byte, maxDatagramBytes)
	for {
		n, _, err := u.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		u.add(buffer[:n])
	}
}

func (u *udpCounter) add(datagram []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = time.Now()
	if u.datagrams == 0 {
		u.first = u.last
	}
	u.datagrams++
	u.bytes += int64(len(datagram))
	if len(datagram) < sequenceBytes || len(u.seen) >= maxDatagrams {
		return
	}
	sequence := binary.BigEndian.Uint32(datagram)
	if _, again := u.seen[sequence]; again {
		u.duplicates++
		return
	}
	u.seen[sequence] = struct{}{}
	if int64(sequence) < u.highest {
		u.reordered++
	}
	u.highest = max(u.highest, int64(sequence))
}

func (u *udpCounter) count() (udpCount, time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return udpCount{
		Datagrams: u.datagrams, Bytes: u.bytes, Distinct: len(u.seen), Duplicates: u.duplicates,
		Reordered: u.reordered, Seconds: u.last.Sub(u.first).Seconds(),
	}, u.last
}

// opUDPCount waits until Expect distinct datagrams have come, or none for QuietMs after the first;
// it answers with what it has when the request's time is up: a loss is a figure and not an error.
func opUDPCount(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	request := udpRequest{QuietMs: 1000}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	counter, err := t.counter(request.Port)
	if err != nil {
		return nil, err
	}
	limit := time.Duration(request.QuietMs) * time.Millisecond
	for {
		count, last := counter.count()
		quiet := count.Datagrams > 0 && time.Since(last) > limit
		if count.Distinct >= request.Expect || quiet || sleep(ctx, waitStep) != nil {
			return count, nil
		}
	}
}

func opUDPClose(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request udpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	counter, err := t.counter(request.Port)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	delete(t.udp, request.Port)
	t.mu.Unlock()
	return struct{}{}, counter.conn.Close()
}

func (t *tunnel) counter(port uint16) (*udpCounter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	counter, ok := t.udp[port]
	if !ok {
		return nil, fmt.Errorf("port %d is not opened by udp_listen", port)
	}
	return counter, nil
}

type blastRequest struct {
	To    netip.AddrPort `json:"to"`
	Count int            `json:"count"`
	Bytes int            `json:"bytes"`
	Pace  float64        `json:"pace"` // datagrams per second, 0 = as fast as the stack takes them
}

type blastResult struct {
	Sent    int     `json:"sent"`
	Failed  int     `json:"failed"` // refused by the local stack
	Seconds float64 `json:"seconds"`
}

func opUDPBlast(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request blastRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	if err := checkDatagrams(request.Count, request.Bytes); err != nil {
		return nil, err
	}
	c, err := t.net.DialUDPAddrPort(netip.AddrPort{}, request.To)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return request.run(ctx, c)
}

// run spaces the datagrams evenly: MicroPython 1.25 keeps one unread datagram for each socket, so
// that bursts would measure the scheduler and not the tunnel.
func (r blastRequest) run(ctx context.Context, c net.Conn) (any, error) {
	var result blastResult
	datagram := numbered(r.Bytes)
	started := time.Now()
	for sequence := range r.Count {
		if r.Pace > 0 {
			waitUntil(started.Add(time.Duration(float64(sequence) / r.Pace * float64(time.Second))))
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("after %d datagrams: %w", sequence, err)
		}
		binary.BigEndian.PutUint32(datagram, uint32(sequence))
		if _, err := c.Write(datagram); err != nil {
			result.Failed++
			continue
		}
		result.Sent++
	}
	result.Seconds = time.Since(started).Seconds()
	return result, nil
}

// waitUntil sleeps as far as the timers are exact, and polls the rest of the way.
func waitUntil(due time.Time) {
	if ahead := time.Until(due); ahead > timerStep {
		time.Sleep(ahead - timerStep)
	}
	for time.Now().Before(due) {
		runtime.Gosched()
	}
}

func checkDatagrams(count, size int) error {
	if count < 1 || count > maxDatagrams || size < sequenceBytes || size > maxDatagramBytes {
		return fmt.Errorf("count 1..%d, bytes %d..%d", maxDatagrams, sequenceBytes, maxDatagramBytes)
	}
	return nil
}

func numbered(size int) []byte {
	datagram := make([]byte, size)
	for i := range datagram {
		datagram[i] = byte(i)
	}
	return datagram
}
