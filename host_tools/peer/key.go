// SPDX-License-Identifier: MIT

package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

const keyBytes = 32

// key is base64 in JSON, as `wg` writes it, and hexadecimal in UAPI.
type key [keyBytes]byte

func (k key) String() string { return base64.StdEncoding.EncodeToString(k[:]) }

func (k key) hex() string { return hex.EncodeToString(k[:]) }

func (k key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func (k *key) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != keyBytes {
		return fmt.Errorf("a key is the base64 form of %d bytes", keyBytes)
	}
	copy(k[:], raw)
	return nil
}

func (k key) public() (key, error) {
	private, err := ecdh.X25519().NewPrivateKey(k[:])
	if err != nil {
		return key{}, err
	}
	return key(private.PublicKey().Bytes()), nil
}

type keyPair struct {
	Private key `json:"private_key"`
	Public  key `json:"public_key"`
}

func newKeyPair() (any, error) {
	var pair keyPair
	if _, err := rand.Read(pair.Private[:]); err != nil {
		return nil, err
	}
	public, err := pair.Private.public()
	pair.Public = public
	return pair, err
}
