// SPDX-License-Identifier: MIT
// ChaCha20 and HChaCha20 (RFC 8439; draft-irtf-cfrg-xchacha-03). The AEADs of wg_aead.h are what
// the protocol uses; this is their keystream.
//
// Implementations of wg_chacha20_core | runs on                | cycles a block (and a call), code
//   cores/chacha20/generic32.c        | any C11                | in the sum of wg_aead.h
//   cores/chacha20/armv6m.S           | M0, M0+ and above      | 1,979 (172), 1.0 KB
//   cores/chacha20/armv7em.S          | M3, M4, M7, M33        | 861 (98), 1.7 KB
//   cores/chacha20/xtensa.c           | ESP32, S2, S3          | see bench/
#ifndef WG_CHACHA20_H
#define WG_CHACHA20_H

#include <stddef.h>
#include <stdint.h>

#define WG_CHACHA20_BLOCK_BYTES 64
#define WG_CHACHA20_COUNTER_WORD 12

// The first 12 words of the state: constants and key.
void wg_chacha20_set_key(uint32_t state[16], const uint8_t key[32]);
// Fills the state matrix of RFC 8439 section 2.3: constants, key, block counter, nonce.
void wg_chacha20_init(uint32_t state[16], const uint8_t key[32], const uint8_t nonce[12],
                      uint32_t counter);

// dst = src xor keystream, len bytes; dst == src is allowed, other overlaps are not. Bytes of a
// last short block are used up: a call after it starts at the next block.
void wg_chacha20_xor(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t len);

// out = the 32-byte subkey of XChaCha20 (draft section 2.2).
void wg_hchacha20(uint8_t out[32], const uint8_t key[32], const uint8_t nonce[16]);

// Core, defined by exactly one file of cores/chacha20. dst = src xor keystream for nblocks blocks
// of 64 bytes at any alignment, dst == src allowed; adds nblocks to the 32-bit counter state[12],
// the other words stay. nblocks may be 0. It leaves no secret in registers or on its stack, save in
// its caller's registers that it keeps there.
void wg_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks);

#endif
