// SPDX-License-Identifier: MIT
// Poly1305 (RFC 8439 section 2.5), the one-time authenticator of the AEADs in wg_aead.h.
//
// Implementations of wg_poly1305_core | runs on                | cycles a block (and a call), code
//   cores/poly1305/generic32.c        | any C11                | in the sum of wg_aead.h
//   cores/poly1305/armv6m.S           | M0, M0+, M3 (MULS)     | 431 (256), 0.9 KB
//   cores/poly1305/armv7em.S          | M4, M7, M33 (UMAAL)    | 49 (95), 0.7 KB
//   cores/poly1305/xtensa.c           | ESP32, S2, S3          | see bench/
#ifndef WG_POLY1305_H
#define WG_POLY1305_H

#include <stddef.h>
#include <stdint.h>

#define WG_POLY1305_BLOCK_BYTES 16
#define WG_POLY1305_TAG_BYTES 16

// Little-endian 32-bit words. h is the sum so far, below 5 * 2^128 between calls (so h[4] <= 4);
// r is clamped; s is added at the end.
typedef struct {
    uint32_t h[5];
    uint32_t r[4];
    uint32_t s[4];
} wg_poly1305_state;

// key may be where st->r and st->s are.
void wg_poly1305_init(wg_poly1305_state *st, const uint8_t key[32]);
// Absorbs len bytes. A length that is no multiple of 16 ends the message: nothing may follow it.
void wg_poly1305_absorb(wg_poly1305_state *st, const uint8_t *in, size_t len);
// As absorb, but fills the last short block with zeros: the AEAD's padding, after which more
// follows.
void wg_poly1305_absorb_padded(wg_poly1305_state *st, const uint8_t *in, size_t len);
// Writes the tag of what was absorbed. tag may be where st->h is, which it then replaces.
void wg_poly1305_tag(const wg_poly1305_state *st, uint8_t tag[16]);
// Writes the tag and wipes st.
void wg_poly1305_final(wg_poly1305_state *st, uint8_t tag[16]);

// Core, defined by exactly one file of cores/poly1305. h = (h + block + hibit * 2^128) * r for each
// of nblocks 16-byte blocks at any alignment. hibit is 1, or 0 for a last block that was padded by
// hand. A core may use another radix inside. nblocks may be 0. Registers and stack as in
// wg_chacha20.h.
void wg_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks, uint32_t hibit);

#endif
