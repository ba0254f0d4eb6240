// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const waitStep = 5 * time.Millisecond

type peerRequest struct {
	PublicKey    key            `json:"public_key"`
	PresharedKey *key           `json:"preshared_key"`
	Endpoint     string         `json:"endpoint"`
	AllowedIPs   []netip.Prefix `json:"allowed_ips"`
	KeepaliveS   uint16         `json:"keepalive_s"`
}

func opAddPeer(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var peer peerRequest
	if err := json.Unmarshal(raw, &peer); err != nil {
		return nil, err
	}
	return struct{}{}, t.device.IpcSet(peer.uapi())
}

func (p peerRequest) uapi() string {
	var text strings.Builder
	fmt.Fprintf(&text, "public_key=%s\n", p.PublicKey.hex())
	if p.PresharedKey != nil {
		fmt.Fprintf(&text, "preshared_key=%s\n", p.PresharedKey.hex())
	}
	if p.Endpoint != "" {
		fmt.Fprintf(&text, "endpoint=%s\n", p.Endpoint)
	}
	fmt.Fprintf(&text, "persistent_keepalive_interval=%d\nreplace_allowed_ips=true\n", p.KeepaliveS)
	for _, prefix := range p.AllowedIPs {
		fmt.Fprintf(&text, "allowed_ip=%s\n", prefix)
	}
	return text.String()
}

func opRemovePeer(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var peer peerRequest
	if err := json.Unmarshal(raw, &peer); err != nil {
		return nil, err
	}
	uapi := fmt.Sprintf("public_key=%s\nremove=true\n", peer.PublicKey.hex())
	return struct{}{}, t.device.IpcSet(uapi)
}

// peerStats is what `wg show` knows of a peer; LastHandshake is Unix time in seconds, 0 for none.
type peerStats struct {
	PublicKey     key     `json:"public_key"`
	Endpoint      string  `json:"endpoint"`
	LastHandshake float64 `json:"last_handshake"`
	RxBytes       uint64  `json:"rx_bytes"`
	TxBytes       uint64  `json:"tx_bytes"`
}

func opStats(_ context.Context, t *tunnel, _ json.RawMessage) (any, error) {
	peers, err := t.stats()
	return map[string]any{"listen_port": t.port(), "peers": peers}, err
}

func (t *tunnel) stats() ([]peerStats, error) {
	text, err := t.device.IpcGet()
	if err != nil {
		return nil, err
	}
	return parseStats(text)
}

func parseStats(uapi string) ([]peerStats, error) {
	peers := []peerStats{}
	var problems []error
	for _, line := range strings.Split(uapi, "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == "public_key" {
			peers = append(peers, peerStats{})
		}
		if len(peers) > 0 {
			problems = append(problems, peers[len(peers)-1].set(name, value))
		}
	}
	return peers, errors.Join(problems...)
}

func (p *peerStats) set(name, value string) (err error) {
	number := func() (n uint64) {
		n, err = strconv.ParseUint(value, 10, 64)
		return n
	}
	switch name {
	case "public_key":
		_, err = hex.Decode(p.PublicKey[:], []byte(value))
	case "endpoint":
		p.Endpoint = value
	case "last_handshake_time_sec":
		p.LastHandshake += float64(number())
	case "last_handshake_time_nsec":
		p.LastHandshake += float64(number()) / 1e9
	case "rx_bytes":
		p.RxBytes = number()
	case "tx_bytes":
		p.TxBytes = number()
	}
	return err
}

// opWait waits for a handshake later than the given Unix time; the peer's statistics answer it.
func opWait(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request struct {
		PublicKey key     `json:"public_key"`
		After     float64 `json:"after"`
	}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	for {
		peers, err := t.stats()
		if err != nil {
			return nil, err
		}
		for _, peer := range peers {
			if peer.PublicKey == request.PublicKey && peer.LastHandshake > request.After {
				return peer, nil
			}
		}
		if err := sleep(ctx, waitStep); err != nil {
			return nil, fmt.Errorf("no handshake in time: %w", err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
