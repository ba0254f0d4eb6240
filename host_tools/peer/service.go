// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"sync"
)

var (
	errNotStarted = errors.New("not started: send \"start\" first")
	errStarted    = errors.New("already started")
)

// service is the state that requests share: at most one tunnel.
type service struct {
	log    *log.Logger
	mu     sync.Mutex
	tunnel *tunnel
}

func newService(logger *log.Logger) *service { return &service{log: logger} }

// An operation on a running tunnel.
type operation func(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error)

var operations = map[string]operation{
	"uapi_get":     opUAPIGet,
	"uapi_set":     opUAPISet,
	"uapi_listen":  opUAPIListen,
	"add_peer":     opAddPeer,
	"remove_peer":  opRemovePeer,
	"stats":        opStats,
	"wait":         opWait,
	"ping":         opPing,
	"tcp_listen":   opTCPListen,
	"tcp_close":    opTCPClose,
	"tcp_echo":     opTCPEcho,
	"tcp_sink":     opTCPSink,
	"tcp_source":   opTCPSource,
	"udp_listen":   opUDPListen,
	"udp_count":    opUDPCount,
	"udp_close":    opUDPClose,
	"udp_blast":    opUDPBlast,
	"udp_step":     opUDPStep,
	"mqtt_serve":   opMQTTServe,
	"mqtt_wait":    opMQTTWait,
	"mqtt_publish": opMQTTPublish,
	"http_serve":   opHTTPServe,
	"http_get":     opHTTPGet,
}

func (s *service) dispatch(ctx context.Context, op string, raw json.RawMessage) (any, error) {
	switch op {
	case "genkey":
		return newKeyPair()
	case "start":
		return s.start(raw)
	case "stop":
		s.close()
		return struct{}{}, errStop
	}
	run, ok := operations[op]
	if !ok {
		return nil, fmt.Errorf("unknown op %q", op)
	}
	s.mu.Lock()
	t := s.tunnel
	s.mu.Unlock()
	if t == nil {
		return nil, errNotStarted
	}
	return run(ctx, t, raw)
}

func (s *service) start(raw json.RawMessage) (any, error) {
	var config tunnelConfig
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tunnel != nil {
		return nil, errStarted
	}
	t, err := newTunnel(config, s.log)
	if err != nil {
		return nil, err
	}
	s.tunnel = t
	return map[string]any{"listen_port": t.port(), "public_key": t.public.String()}, nil
}

func (s *service) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tunnel != nil {
		s.tunnel.close()
		s.tunnel = nil
	}
}
