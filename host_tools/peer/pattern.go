// SPDX-License-Identifier: MIT

package main

import "math/rand/v2"

// pattern is an endless stream of bytes that a seed determines: what is lost, repeated or moved in
// a transfer shows in its hash, which zeros would not.
type pattern struct{ source *rand.ChaCha8 }

func newPattern(seed uint64) pattern {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return pattern{rand.NewChaCha8(key)}
}

func (p pattern) Read(b []byte) (int, error) { return p.source.Read(b) }
