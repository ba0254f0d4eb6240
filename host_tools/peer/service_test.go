// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const testTimeout = 20 * time.Second

// call runs one operation and decodes its reply into a map.
func call(t *testing.T, s *service, op string, request map[string]any) map[string]any {
	t.Helper()
	result, err := try(s, op, request)
	if err != nil {
		t.Fatalf("%s: %v", op, err)
	}
	return result
}

func try(s *service, op string, request map[string]any) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	raw, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	result, err := s.dispatch(ctx, op, raw)
	if err != nil {
		return nil, err
	}
	var decoded map[string]any
	text, err := json.Marshal(result)
	if err == nil {
		err = json.Unmarshal(text, &decoded)
	}
	return decoded, err
}

// pair returns two services with a tunnel between 10.9.0.1/fd09::1 and 10.9.0.2/fd09::2.
func pair(t *testing.T) (server, client *service) {
	t.Helper()
	keys := [2]map[string]any{}
	services := [2]*service{}
	ports := [2]any{}
	for i := range services {
		services[i] = newService(log.New(io.Discard, "", 0))
		t.Cleanup(services[i].close)
		keys[i] = call(t, services[i], "genkey", nil)
		started := call(t, services[i], "start", map[string]any{
			"private_key": keys[i]["private_key"],
			"addresses":   []string{fmt.Sprintf("10.9.0.%d", i+1), fmt.Sprintf("fd09::%d", i+1)},
		})
		if started["public_key"] != keys[i]["public_key"] {
			t.Fatalf("start made %v, genkey %v", started["public_key"], keys[i]["public_key"])
		}
		ports[i] = started["listen_port"]
	}
	psk := keys[0]["private_key"] // any 32 bytes
	for i := range services {
		other := 1 - i
		call(t, services[i], "add_peer", map[string]any{
			"public_key": keys[other]["public_key"], "preshared_key": psk,
			"endpoint": fmt.Sprintf("127.0.0.1:%v", ports[other]),
			"allowed_ips": []string{
				fmt.Sprintf("10.9.0.%d/32", other+1), fmt.Sprintf("fd09::%d/128", other+1),
			},
		})
	}
	return services[0], services[1]
}

func TestPing(t *testing.T) {
	server, client := pair(t)
	for _, address := range []string{"10.9.0.2", "fd09::2"} {
		got := call(t, server, "ping", map[string]any{"address": address, "count": 10})
		if got["sent"] != 10.0 || got["received"] != 10.0 {
			t.Errorf("%s: %v", address, got)
		}
	}
	stats := call(t, client, "stats", nil)["peers"].([]any)[0].(map[string]any)
	if stats["last_handshake"].(float64) == 0 || stats["rx_bytes"].(float64) == 0 {
		t.Errorf("no handshake in %v", stats)
	}
}

func TestPingWithoutAnswer(t *testing.T) {
	server, _ := pair(t)
	nobody := map[string]any{"address": "10.9.0.77", "count": 2, "wait_ms": 50}
	got := call(t, server, "ping", nobody)
	if got["received"] != 0.0 {
		t.Errorf("an address that nobody has answered: %v", got)
	}
}

func TestTCPSourceMeetsSink(t *testing.T) {
	server, client := pair(t)
	port := call(t, server, "tcp_listen", map[string]any{"port": 5001})["port"]
	type outcome struct {
		result map[string]any
		err    error
	}
	sunk := make(chan outcome, 1)
	go func() {
		result, err := try(server, "tcp_sink", map[string]any{"port": port})
		sunk <- outcome{result, err}
	}()
	const n = 300_000
	sent := call(t, client, "tcp_source", map[string]any{"connect": "10.9.0.1:5001", "bytes": n})
	got := <-sunk
	same := got.err == nil && got.result["sha256"] == sent["sha256"]
	if !same || got.result["bytes"] != float64(n) {
		t.Errorf("sent %v, got %v %v", sent, got.result, got.err)
	}
}

func TestUDPIsCounted(t *testing.T) {
	server, client := pair(t)
	call(t, server, "udp_listen", map[string]any{"port": 5002})
	sent := call(t, client, "udp_blast", map[string]any{
		"to": "10.9.0.1:5002", "count": 500, "bytes": 1380, "pace": 5000,
	})
	got := call(t, server, "udp_count", map[string]any{"port": 5002, "expect": 500})
	if sent["sent"] != 500.0 || got["distinct"] != 500.0 || got["bytes"] != 500*1380.0 {
		t.Errorf("sent %v, counted %v", sent, got)
	}
}

func TestUDPStepNeedsAcknowledgements(t *testing.T) {
	server, client := pair(t)
	call(t, server, "udp_listen", map[string]any{"port": 5007})
	request := map[string]any{"to": "10.9.0.1:5007", "count": 3, "bytes": 100, "wait_ms": 20}
	sent := call(t, client, "udp_step", request)
	got := call(t, server, "udp_count", map[string]any{"port": 5007, "expect": 3})
	if sent["sent"] != 3.0 || sent["acknowledged"] != 0.0 || got["distinct"] != 3.0 {
		t.Errorf("sent %v, counted %v", sent, got)
	}
}

func TestCounterSeesDuplicatesAndDisorder(t *testing.T) {
	counter := udpCounter{seen: map[uint32]struct{}{}, highest: -1}
	for _, last := range []byte{0, 2, 1, 1, 3} {
		counter.add([]byte{0, 0, 0, last})
	}
	got, _ := counter.count()
	if got.Datagrams != 5 || got.Distinct != 4 || got.Duplicates != 1 || got.Reordered != 1 {
		t.Errorf("%+v", got)
	}
}

func TestHTTP(t *testing.T) {
	server, client := pair(t)
	call(t, server, "http_serve", map[string]any{"port": 80, "body": "hello"})
	got := call(t, client, "http_get", map[string]any{"url": "http://10.9.0.1/"})
	if got["status"] != 200.0 || got["body"] != "hello" {
		t.Errorf("%v", got)
	}
	got = call(t, client, "http_get", map[string]any{"url": "http://10.9.0.1/bytes/70000"})
	if got["bytes"] != 70000.0 {
		t.Errorf("%v", got)
	}
}

func TestBindIsLoopbackOnly(t *testing.T) {
	var b narrowBind
	receivers, port, err := b.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if len(receivers) == 0 || port == 0 {
		t.Fatalf("%d receivers, port %d", len(receivers), port)
	}
	for _, c := range b.conn {
		if c != nil && !c.LocalAddr().(*net.UDPAddr).IP.IsLoopback() {
			t.Errorf("bound to %v", c.LocalAddr())
		}
	}
	if _, err := b.ParseEndpoint("192.0.2.1:51820"); err == nil {
		t.Error("an endpoint outside the machine was accepted")
	}
}

func TestBindToOneAddress(t *testing.T) {
	for _, text := range []string{"127.0.0.2", "::1"} {
		b := narrowBind{address: netip.MustParseAddr(text)}
		receivers, port, err := b.Open(0)
		if b.address.Is6() && !hasLoopback6() {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(receivers) != 1 || port == 0 {
			t.Errorf("%s: %d receivers, port %d", text, len(receivers), port)
		}
		if _, _, err := b.Open(0); err == nil {
			t.Errorf("%s: opened twice", text)
		}
		for _, c := range b.conn {
			if c != nil && c.LocalAddr().(*net.UDPAddr).IP.String() != text {
				t.Errorf("%s: bound to %v", text, c.LocalAddr())
			}
		}
		b.Close()
	}
}

func TestErrors(t *testing.T) {
	s := newService(log.New(io.Discard, "", 0))
	wanted := map[string]string{"stats": "not started", "start": "base64", "dance": "unknown op"}
	for op, want := range wanted {
		_, err := try(s, op, map[string]any{"private_key": "AAAA"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", op, err, want)
		}
	}
}

func TestSecretsStayIn(t *testing.T) {
	server, _ := pair(t)
	text := call(t, server, "uapi_get", nil)["config"].(string)
	if strings.Contains(text, "private_key") || strings.Contains(text, "preshared_key") {
		t.Error("uapi_get shows a secret")
	}
	if !strings.Contains(text, "allowed_ip=10.9.0.2/32") {
		t.Errorf("uapi_get lost the peer:\n%s", text)
	}
}

func TestLoopAnswersAndEnds(t *testing.T) {
	echo := func(_ context.Context, op string, _ json.RawMessage) (any, error) {
		if op == "stop" {
			return nil, errStop
		}
		return op, nil
	}
	var out bytes.Buffer
	in, writer := io.Pipe()
	go func() {
		fmt.Fprintln(writer, "{oops")
		fmt.Fprintln(writer, `{"id":1,"op":"stop"}`)
	}()
	if err := newLoop(&out, echo).run(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "bad request") || lines[1] != `{"id":1}` {
		t.Errorf("%q", lines)
	}
}
