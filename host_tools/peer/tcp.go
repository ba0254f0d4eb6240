// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

const maxTransferBytes = 1 << 30

// tcpRequest names one connection: made to Connect, or accepted on a port opened by tcp_listen.
type tcpRequest struct {
	Connect string `json:"connect"`
	Port    uint16 `json:"port"`
	Bytes   int64  `json:"bytes"`
	Seed    uint64 `json:"seed"`
}

// transfer reports one direction; Seconds runs from the open connection to its last byte.
type transfer struct {
	Bytes   int64   `json:"bytes"`
	SHA256  string  `json:"sha256"`
	Seconds float64 `json:"seconds"`
	Remote  string  `json:"remote"`
}

func opTCPListen(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request tcpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	listener, err := t.net.ListenTCPAddrPort(netip.AddrPortFrom(netip.Addr{}, request.Port))
	if err != nil {
		return nil, err
	}
	if err := t.keep(listener); err != nil {
		return nil, err
	}
	port := uint16(listener.Addr().(*net.TCPAddr).Port)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tcp[port] = listener
	return map[string]uint16{"port": port}, nil
}

func opTCPClose(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request tcpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	listener, ok := t.tcp[request.Port]
	if !ok {
		return nil, fmt.Errorf("port %d is not listening", request.Port)
	}
	delete(t.tcp, request.Port)
	return struct{}{}, listener.Close()
}

// open returns the connection with ctx's deadline set on it.
func (r tcpRequest) open(ctx context.Context, t *tunnel) (net.Conn, error) {
	if r.Bytes < 0 || r.Bytes > maxTransferBytes {
		return nil, fmt.Errorf("bytes: %d is outside 0..%d", r.Bytes, maxTransferBytes)
	}
	c, err := r.connection(ctx, t)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	return c, c.SetDeadline(deadline)
}

func (r tcpRequest) connection(ctx context.Context, t *tunnel) (net.Conn, error) {
	if r.Connect != "" {
		to, err := netip.ParseAddrPort(r.Connect)
		if err != nil {
			return nil, err
		}
		return t.net.DialContextTCPAddrPort(ctx, to)
	}
	t.mu.Lock()
	listener, ok := t.tcp[r.Port]
	t.mu.Unlock()
	if !ok {
		return nil, errors.New("name \"connect\" or a \"port\" opened by tcp_listen")
	}
	return accept(ctx, listener)
}

func accept(ctx context.Context, listener net.Listener) (net.Conn, error) {
	type accepted struct {
		conn net.Conn
		err  error
	}
	got := make(chan accepted, 1)
	go func() {
		c, err := listener.Accept()
		got <- accepted{c, err}
	}()
	select {
	case a := <-got:
		return a.conn, a.err
	case <-ctx.Done():
		go func() { // whoever connects later is turned away, so that the next accept gets its own
			if a := <-got; a.err == nil {
				a.conn.Close()
			}
		}()
		return nil, fmt.Errorf("nobody connected: %w", ctx.Err())
	}
}

// opTCPSink reads to the end of the stream, or Bytes when given.
func opTCPSink(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request tcpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	c, err := request.open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	limit := request.Bytes
	if limit == 0 {
		limit = maxTransferBytes
	}
	started := time.Now()
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(c, limit))
	if err != nil {
		return nil, fmt.Errorf("after %d bytes: %w", n, err)
	}
	return report(n, hash.Sum(nil), started, c), nil
}

// opTCPSource sends Bytes of a pattern that Seed chooses, closes its half, and waits for the other
// side's end: then all of it has been read, and the time is honest.
func opTCPSource(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request tcpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	c, err := request.open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	started := time.Now()
	hash := sha256.New()
	source := io.LimitReader(newPattern(request.Seed), request.Bytes)
	n, err := io.Copy(io.MultiWriter(c, hash), source)
	if err != nil {
		return nil, fmt.Errorf("after %d bytes: %w", n, err)
	}
	if err := finishWriting(c); err != nil {
		return nil, err
	}
	return report(n, hash.Sum(nil), started, c), nil
}

func finishWriting(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(c, maxTransferBytes)); err != nil {
		return fmt.Errorf("the other side did not close: %w", err)
	}
	return nil
}

// opTCPEcho sends a pattern and expects the same bytes back.
func opTCPEcho(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request tcpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	c, err := request.open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	sent := make([]byte, min(request.Bytes, 1<<20))
	_, _ = io.ReadFull(newPattern(request.Seed), sent) // a pattern never ends
	started := time.Now()
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		written <- err
	}()
	got := make([]byte, len(sent))
	n, err := io.ReadFull(c, got)
	if err = errors.Join(err, <-written); err != nil {
		return nil, fmt.Errorf("%d of %d bytes came back: %w", n, len(sent), err)
	}
	if !bytes.Equal(sent, got) {
		return nil, errors.New("the echo differs from what was sent")
	}
	sum := sha256.Sum256(got)
	return report(int64(n), sum[:], started, c), nil
}

func report(n int64, sum []byte, started time.Time, c net.Conn) transfer {
	return transfer{
		Bytes: n, SHA256: hex.EncodeToString(sum), Seconds: time.Since(started).Seconds(),
		Remote: c.RemoteAddr().String(),
	}
}
