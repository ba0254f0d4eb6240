// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	maxBodyBytes = 16 << 20
	httpTimeout  = 60 * time.Second
)

type httpRequest struct {
	Port   uint16 `json:"port"`
	Body   string `json:"body"`
	Folder string `json:"folder"`
	URL    string `json:"url"`
}

// opHTTPServe serves Body at /, N bytes of pattern 0 at /bytes/N, and the files of Folder, if one is
// named, at /files/.
func opHTTPServe(_ context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request httpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	listener, err := t.net.ListenTCPAddrPort(netip.AddrPortFrom(netip.Addr{}, request.Port))
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: site(request.Body, request.Folder), ErrorLog: t.log,
		ReadTimeout: httpTimeout, WriteTimeout: httpTimeout,
	}
	if err := t.keep(server); err != nil {
		return nil, err
	}
	go func() { _ = server.Serve(listener) }() // ends with the tunnel
	return map[string]int{"port": listener.Addr().(*net.TCPAddr).Port}, nil
}

func site(body, folder string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Header().Set("X-Remote", r.RemoteAddr)
		_, _ = io.WriteString(w, body)
	})
	mux.HandleFunc("GET /bytes/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseInt(r.PathValue("n"), 10, 64)
		if err != nil || n < 0 || n > maxBodyBytes {
			http.Error(w, fmt.Sprintf("0..%d bytes", maxBodyBytes), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		_, _ = io.CopyN(w, newPattern(0), n)
	})
	if folder != "" {
		files := http.FileServer(http.Dir(folder))
		mux.Handle("GET /files/", http.StripPrefix("/files/", files))
	}
	return mux
}

// opHTTPGet fetches a page through the tunnel.
func opHTTPGet(ctx context.Context, t *tunnel, raw json.RawMessage) (any, error) {
	var request httpRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, request.URL, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: t.net.DialContext, DisableKeepAlives: true}
	client := http.Client{Transport: transport}
	response, err := client.Do(get)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return map[string]any{
		"status": response.StatusCode, "bytes": len(body), "sha256": hex.EncodeToString(sum[:]),
		"body": strings.ToValidUTF8(string(body[:min(len(body), 4096)]), "?"),
	}, nil
}
