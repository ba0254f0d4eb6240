// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"sync"

	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun/netstack"
)

const (
	defaultMTU   = 1420
	minMTU       = 576
	maxMTU       = 9000
	maxListeners = 32
)

type tunnelConfig struct {
	PrivateKey key          `json:"private_key"`
	ListenPort uint16       `json:"listen_port"`
	Listen     netip.Addr   `json:"listen"` // none: loopback only
	Addresses  []netip.Addr `json:"addresses"`
	MTU        int          `json:"mtu"`
}

// tunnel is one WireGuard device and the network stack behind it.
type tunnel struct {
	log    *log.Logger
	device *device.Device
	net    *netstack.Net
	bind   *narrowBind
	public key

	mu      sync.Mutex
	tcp     map[uint16]net.Listener
	udp     map[uint16]*udpCounter
	broker  *broker
	closers []io.Closer
}

func newTunnel(config tunnelConfig, logger *log.Logger) (*tunnel, error) {
	public, err := config.PrivateKey.public()
	if err != nil {
		return nil, err
	}
	if len(config.Addresses) == 0 {
		return nil, errors.New("addresses: at least one is needed")
	}
	if config.MTU == 0 {
		config.MTU = defaultMTU
	}
	if config.MTU < minMTU || config.MTU > maxMTU {
		return nil, fmt.Errorf("mtu: %d is outside %d..%d", config.MTU, minMTU, maxMTU)
	}
	tun, stack, err := netstack.CreateNetTUN(config.Addresses, nil, config.MTU)
	if err != nil {
		return nil, err
	}
	t := &tunnel{
		log: logger, net: stack, bind: &narrowBind{address: config.Listen}, public: public,
		tcp: map[uint16]net.Listener{}, udp: map[uint16]*udpCounter{},
	}
	t.device = device.NewDevice(tun, t.bind, deviceLogger(logger))
	private := config.PrivateKey.hex()
	uapi := fmt.Sprintf("private_key=%s\nlisten_port=%d\n", private, config.ListenPort)
	if err := errors.Join(t.device.IpcSet(uapi), t.device.Up()); err != nil {
		t.device.Close()
		return nil, err
	}
	return t, nil
}

func deviceLogger(logger *log.Logger) *device.Logger {
	return &device.Logger{
		Verbosef: func(format string, args ...any) { logger.Printf(format, args...) },
		Errorf:   func(format string, args ...any) { logger.Printf("ERROR "+format, args...) },
	}
}

func (t *tunnel) port() uint16 {
	t.bind.mu.Lock()
	defer t.bind.mu.Unlock()
	return t.bind.port()
}

func (t *tunnel) close() {
	t.mu.Lock()
	closers := t.closers
	t.closers = nil
	t.mu.Unlock()
	for _, c := range closers {
		c.Close()
	}
	t.device.Close()
}

// keep remembers what close must close.
func (t *tunnel) keep(c io.Closer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.closers) >= maxListeners {
		c.Close()
		return fmt.Errorf("more than %d listeners in one run", maxListeners)
	}
	t.closers = append(t.closers, c)
	return nil
}
