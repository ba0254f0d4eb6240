// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"golang.zx2c4.com/wireguard/conn"
)

const (
	socketBufferBytes = 4 << 20
	openAttempts      = 100
)

var (
	loopback4 = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")

	errNotLoopback = errors.New("endpoint is not a loopback address")
)

// narrowBind is a conn.Bind that listens on 127.0.0.1 and, where the host has it, ::1; or on one
// address, which a board at a cable can reach. wireguard-go's own bind listens on every address of
// the machine: no place for test traffic.
type narrowBind struct {
	address netip.Addr // not valid: loopback

	mu   sync.Mutex
	conn [2]*net.UDPConn // IPv4, IPv6 (nil where there is none)
}

var _ conn.Bind = (*narrowBind)(nil)

func (b *narrowBind) Open(port uint16) ([]conn.ReceiveFunc, uint16, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.port() != 0 {
		return nil, 0, conn.ErrBindAlreadyOpen
	}
	v4, v6, err := b.listen(port)
	if err != nil {
		return nil, 0, err
	}
	b.conn = [2]*net.UDPConn{v4, v6}
	var receivers []conn.ReceiveFunc
	for _, c := range b.conn {
		if c != nil {
			receivers = append(receivers, receiver(c))
		}
	}
	return receivers, b.port(), nil
}

func (b *narrowBind) listen(port uint16) (v4, v6 *net.UDPConn, err error) {
	switch address := netip.AddrPortFrom(b.address, port); {
	case !b.address.IsValid():
		return listenBoth(port)
	case b.address.Is4():
		v4, err = listen("udp4", address)
	default:
		v6, err = listen("udp6", address)
	}
	return v4, v6, err
}

// port is 0 while nothing is open. The caller holds mu.
func (b *narrowBind) port() uint16 {
	for _, c := range b.conn {
		if c != nil {
			return localPort(c)
		}
	}
	return 0
}

// listenBoth opens the same port for both families. With port 0 the system's choice for IPv4 may
// be taken for IPv6, so it chooses again.
func listenBoth(port uint16) (v4, v6 *net.UDPConn, err error) {
	for range openAttempts {
		v4, err = listen("udp4", netip.AddrPortFrom(loopback4, port))
		if err != nil {
			return nil, nil, err
		}
		if !hasLoopback6() {
			return v4, nil, nil
		}
		v6, err = listen("udp6", netip.AddrPortFrom(loopback6, localPort(v4)))
		if err == nil {
			return v4, v6, nil
		}
		v4.Close()
		if port != 0 {
			break
		}
	}
	return nil, nil, err
}

func listen(network string, address netip.AddrPort) (*net.UDPConn, error) {
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, err
	}
	_ = c.SetReadBuffer(socketBufferBytes) // the system's own maximum holds where it is lower
	_ = c.SetWriteBuffer(socketBufferBytes)
	return c, nil
}

func hasLoopback6() bool {
	c, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback6, 0)))
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func localPort(c *net.UDPConn) uint16 { return uint16(c.LocalAddr().(*net.UDPAddr).Port) }

func receiver(c *net.UDPConn) conn.ReceiveFunc {
	return func(packets [][]byte, sizes []int, eps []conn.Endpoint) (int, error) {
		n, from, err := c.ReadFromUDPAddrPort(packets[0])
		if err != nil {
			return 0, err
		}
		sizes[0] = n
		eps[0] = endpoint{netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
		return 1, nil
	}
}

func (b *narrowBind) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, c := range b.conn {
		if c != nil {
			c.Close()
		}
		b.conn[i] = nil
	}
	return nil
}

func (b *narrowBind) Send(packets [][]byte, to conn.Endpoint) error {
	address := to.(endpoint).AddrPort
	b.mu.Lock()
	c := b.conn[0]
	if address.Addr().Is6() {
		c = b.conn[1]
	}
	b.mu.Unlock()
	if c == nil {
		return net.ErrClosed
	}
	for _, packet := range packets {
		if _, err := c.WriteToUDPAddrPort(packet, address); err != nil {
			return err
		}
	}
	return nil
}

func (b *narrowBind) ParseEndpoint(text string) (conn.Endpoint, error) {
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		return nil, err
	}
	if !b.address.IsValid() && !address.Addr().IsLoopback() {
		return nil, errNotLoopback
	}
	return endpoint{address}, nil
}

func (b *narrowBind) SetMark(uint32) error { return nil }

func (b *narrowBind) BatchSize() int { return 1 }

// endpoint is where a peer was last heard; the source is always the bound address.
type endpoint struct{ netip.AddrPort }

func (e endpoint) ClearSrc() {}

func (e endpoint) SrcToString() string { return "" }

func (e endpoint) DstToString() string { return e.AddrPort.String() }

func (e endpoint) DstToBytes() []byte {
	raw, _ := e.AddrPort.MarshalBinary() // cannot fail
	return raw
}

func (e endpoint) DstIP() netip.Addr { return e.AddrPort.Addr() }

func (e endpoint) SrcIP() netip.Addr { return netip.Addr{} }
