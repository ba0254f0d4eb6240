// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/json"
	"net"
	"strings"
)

func opUAPIGet(_ context.Context, t *tunnel, _ json.RawMessage) (any, error) {
	text, err := t.device.IpcGet()
	return map[string]string{"config": withoutSecrets(text)}, err
}

// withoutSecrets drops the lines of keys that no caller has a use for.
func withoutSecrets(uapi string) string {
	var kept strings.Builder
	for _, line := range strings.SplitAfter(uapi, "\n") {
		if !strings.HasPrefix(line, "private_key=") && !strings.HasPrefix(line, "preshared_key=") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func opUAPISet(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request struct {
		Config string `json:"config"`
	}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	return struct{}{}, t.device.IpcSet(request.Config)
}

// opUAPIListen serves the device's configuration on a Unix socket, where wg and wgprov look for it.
func opUAPIListen(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", request.Path)
	if err != nil {
		return nil, err
	}
	if err := t.keep(listener); err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go t.device.IpcHandle(connection)
		}
	}()
	return struct{}{}, nil
}
