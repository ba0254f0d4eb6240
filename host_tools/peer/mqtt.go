// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

const maxMQTTMessages = 1000 // that nobody has asked for; further ones are dropped

var errNoBroker = errors.New("no broker: send \"mqtt_serve\" first")

type mqttRequest struct {
	Port    uint16 `json:"port"`
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
	Retain  bool   `json:"retain"`
}

type mqttMessage struct {
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
	QoS     byte   `json:"qos"`
	Client  string `json:"client"`
}

// broker is an MQTT broker inside the tunnel, and what was published there.
type broker struct {
	server *mqtt.Server

	mu       sync.Mutex
	messages []mqttMessage
	arrived  chan struct{} // closed, and made anew, with each message
}

// opMQTTServe lets every client of the tunnel in, as a broker on a private network may.
func opMQTTServe(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request mqttRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	listener, err := t.net.ListenTCPAddrPort(netip.AddrPortFrom(netip.Addr{}, request.Port))
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(t.log.Writer(), nil))
	b := &broker{
		server:  mqtt.New(&mqtt.Options{InlineClient: true, Logger: logger}),
		arrived: make(chan struct{}),
	}
	if err := t.keep(b.server); err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.broker = b
	t.mu.Unlock()
	return struct{}{}, errors.Join(
		b.server.AddHook(new(auth.AllowHook), nil),
		b.server.AddListener(listeners.NewNet("tunnel", listener)),
		b.server.Serve(),
		b.server.Subscribe("#", 1, b.take),
	)
}

func (b *broker) take(client *mqtt.Client, _ packets.Subscription, packet packets.Packet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.messages) >= maxMQTTMessages {
		return
	}
	b.messages = append(b.messages, mqttMessage{
		packet.TopicName, string(packet.Payload), packet.FixedHeader.Qos, packet.Origin,
	})
	close(b.arrived)
	b.arrived = make(chan struct{})
}

// next removes the oldest message of a topic; without one, it returns what closes with the next.
func (b *broker) next(topic string) (*mqttMessage, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, message := range b.messages {
		if message.Topic == topic {
			b.messages = append(b.messages[:i], b.messages[i+1:]...)
			return &message, nil
		}
	}
	return nil, b.arrived
}

// readMQTT is a request to the broker, which must be there.
func (t *tunnel) readMQTT(raw json.RawMessage) (mqttRequest, *broker, error) {
	var request mqttRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return request, nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broker == nil {
		return request, nil, errNoBroker
	}
	return request, t.broker, nil
}

// opMQTTWait waits for a message with this topic.
func opMQTTWait(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	request, b, err := t.readMQTT(raw)
	if err != nil {
		return nil, err
	}
	for {
		message, arrived := b.next(request.Topic)
		if message != nil {
			return message, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return nil, fmt.Errorf("nothing was published as %s: %w", request.Topic, ctx.Err())
		}
	}
}

func opMQTTPublish(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	request, b, err := t.readMQTT(raw)
	if err != nil {
		return nil, err
	}
	return struct{}{}, b.server.Publish(request.Topic, []byte(request.Payload), request.Retain, 1)
}
