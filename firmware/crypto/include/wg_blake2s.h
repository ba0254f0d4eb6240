// SPDX-License-Identifier: MIT
// BLAKE2s (RFC 7693), WireGuard's hash and, keyed, its MAC.
//
// Implementations of wg_blake2s_core            | runs on     | cost (cycles per 64-byte block)
//   cores/blake2s/generic32.c                   | any C11     | M0+ 5.6 k, M3 to M33 3.2 k
//   cores/blake2s/armv6m.S                      | all Arm M   | M0+ 2.61 k (2.89 k unaligned)
//   cores/blake2s/armv7em.S                     | M3 to M33   | 1.33 k
//   cores/blake2s/xtensa.S                      | LX6, LX7    | 1.76 k instructions
#ifndef WG_BLAKE2S_H
#define WG_BLAKE2S_H

#include <stddef.h>
#include <stdint.h>

#define WG_BLAKE2S_BLOCK_BYTES 64
#define WG_BLAKE2S_OUT_BYTES 32
#define WG_BLAKE2S_KEY_BYTES 32

typedef struct {
    uint32_t h[8];
    uint32_t t[2]; // bytes hashed so far, low word first
    uint8_t block[WG_BLAKE2S_BLOCK_BYTES];
    uint32_t fill;   // bytes waiting in block, 0..64
    uint32_t outlen; // bytes
} wg_blake2s_ctx;

// outlen 1..32 bytes; keylen 0..32 bytes, key may be NULL when it is 0.
void wg_blake2s_init(wg_blake2s_ctx *ctx, size_t outlen, const uint8_t *key, size_t keylen);
// in may be NULL when inlen is 0.
void wg_blake2s_update(wg_blake2s_ctx *ctx, const void *in, size_t inlen);
// Writes the outlen bytes given to init, and wipes ctx. out may lie inside what was hashed.
void wg_blake2s_final(wg_blake2s_ctx *ctx, uint8_t *out);

// init, update and final in one; out may overlap key or in.
void wg_blake2s(uint8_t *out, size_t outlen, const uint8_t *key, size_t keylen, const void *in,
                size_t inlen);

// Core, defined by exactly one file of cores/blake2s. Compresses nblocks blocks of 64 bytes at any
// alignment: before each one inc is added to the 64-bit counter t; f0 is all ones for the last
// block of a message and else 0 (RFC 7693 section 3.2). nblocks may be 0. Leaves nothing secret in
// registers or below its caller's stack pointer.
void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                     uint32_t inc, uint32_t f0);

#endif
