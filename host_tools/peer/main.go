// SPDX-License-Identifier: MIT

// wg-peer is the reference server of the tunnel tests: wireguard-go on its gVisor network stack, so
// that it needs no root, no tun device and no kernel module. It is driven by JSON: one request per
// line on standard input, one reply per line on standard output, matched by "id". It ends when its
// input closes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

const closeTimeout = 3 * time.Second

func main() {
	logPath := flag.String("log", "", "append the log to this file (default: standard error)")
	flag.Parse()
	out, err := openLog(*logPath)
	if err != nil {
		fmt.Fprintf(os.Stderr, "wg-peer: %v\n", err)
		os.Exit(2)
	}
	ctx, cancel := context.WithCancel(context.Background())
	service := newService(log.New(out, "", log.Ltime|log.Lmicroseconds))
	loop := newLoop(os.Stdout, service.dispatch)
	err = loop.run(ctx, os.Stdin)
	cancel()
	finish(service)
	if err != nil {
		fmt.Fprintf(os.Stderr, "wg-peer: %v\n", err)
		os.Exit(1)
	}
}

func openLog(path string) (io.Writer, error) {
	if path == "" {
		return os.Stderr, nil
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// finish takes the device down within closeTimeout: the process must end with its input.
func finish(service *service) {
	done := make(chan struct{})
	go func() {
		service.close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeTimeout):
	}
}
