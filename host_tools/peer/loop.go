// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	maxLineBytes   = 1 << 20
	maxConcurrent  = 64
	defaultTimeout = 30 * time.Second
	maxTimeout     = 10 * time.Minute
)

// errStop ends the loop after its reply has been written.
var errStop = errors.New("stop")

// A handler answers one request; ctx carries the request's deadline.
type handler func(ctx context.Context, op string, raw json.RawMessage) (any, error)

// envelope holds the fields that every request has.
type envelope struct {
	ID        json.RawMessage `json:"id"`
	Op        string          `json:"op"`
	TimeoutMs int64           `json:"timeout_ms"`
}

type reply struct {
	ID     json.RawMessage `json:"id"`
	Result any             `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// loop reads requests and runs each in its own goroutine, at most maxConcurrent at a time, so that
// a transfer in progress does not block a question about it.
type loop struct {
	handle handler
	mu     sync.Mutex
	out    *json.Encoder
	slots  chan struct{}
}

func newLoop(out io.Writer, handle handler) *loop {
	slots := make(chan struct{}, maxConcurrent)
	return &loop{handle: handle, out: json.NewEncoder(out), slots: slots}
}

// run returns when in ends (nil), when a request asks to stop (nil), or when a line is too long.
func (l *loop) run(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 64<<10), maxLineBytes)
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		for scanner.Scan() {
			select {
			case lines <- append([]byte(nil), scanner.Bytes()...):
			case <-ctx.Done():
				return
			}
		}
	}()
	stopped := make(chan struct{})
	var once sync.Once
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return scanner.Err()
			}
			l.start(ctx, line, func() { once.Do(func() { close(stopped) }) })
		case <-stopped:
			return nil
		}
	}
}

func (l *loop) start(ctx context.Context, line []byte, stop func()) {
	var request envelope
	if err := json.Unmarshal(line, &request); err != nil {
		l.write(reply{Error: fmt.Sprintf("bad request: %v", err)})
		return
	}
	select {
	case l.slots <- struct{}{}:
	default:
		problem := fmt.Sprintf("more than %d requests at once", maxConcurrent)
		l.write(reply{ID: request.ID, Error: problem})
		return
	}
	go func() {
		defer func() { <-l.slots }()
		ctx, cancel := context.WithTimeout(ctx, request.timeout())
		defer cancel()
		result, err := l.handle(ctx, request.Op, line)
		answer := reply{ID: request.ID, Result: result}
		if err != nil && !errors.Is(err, errStop) {
			answer.Error = err.Error()
		}
		l.write(answer)
		if errors.Is(err, errStop) {
			stop()
		}
	}()
}

func (r envelope) timeout() time.Duration {
	timeout := time.Duration(r.TimeoutMs) * time.Millisecond
	if timeout <= 0 {
		return defaultTimeout
	}
	return min(timeout, maxTimeout)
}

func (l *loop) write(answer reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.out.Encode(answer) // the reader is gone: the closing input ends the process
}
