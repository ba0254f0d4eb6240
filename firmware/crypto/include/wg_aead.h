// SPDX-License-Identifier: MIT
// ChaCha20-Poly1305 (RFC 8439 section 2.8) and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).
//
// All lengths are bytes. Sealed data is the ciphertext followed by a tag of 16 bytes. dst == src is
// allowed, other overlaps are not; ad may be NULL when adlen is 0. No length limit but 256 GiB.
// open returns false, and has then written nothing, when len < 16 or the tag is wrong: the whole
// message is authenticated before the first byte is decrypted.
//
// Implementations of wg_chacha20poly1305_core   | runs on     | cost (cycles per 64-byte block)
//   cores/chacha20poly1305/generic32.c          | any C11     | what its two cores cost, in turn
// A message of 1420 bytes, cycles (bench/): M0+ 89 k, M3 63 k, M4 and M33 26.6 k; with the generic
// cores 189 k, 66 k and 56 k.
#ifndef WG_AEAD_H
#define WG_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_poly1305.h"

#define WG_AEAD_TAG_BYTES 16
#define WG_XAEAD_NONCE_BYTES 24

// AEAD(key, counter, src, ad) of paper section 5.4: the nonce is four zero bytes and the
// little-endian counter. dst has room for len + 16 bytes.
void wg_aead_seal(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]);
// len counts the tag; dst has room for len - 16 bytes.
bool wg_aead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]);

// XAEAD of paper section 5.4, for cookies: a random nonce of 24 bytes.
void wg_xaead_seal(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                   const uint8_t nonce[24], const uint8_t key[32]);
bool wg_xaead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                   const uint8_t nonce[24], const uint8_t key[32]);

// The RFC's general form, any nonce of 12 bytes: what the others are made of.
void wg_aead_seal_nonce(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                        size_t adlen, const uint8_t nonce[12], const uint8_t key[32]);
bool wg_aead_open_nonce(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                        size_t adlen, const uint8_t nonce[12], const uint8_t key[32]);

// first: ChaCha20's first block, whose first half is Poly1305's key, lies on poly from its r on.
#define WG_AEAD_FIRST_WORD 5
typedef struct {
    uint32_t chacha[16];
    union {
        wg_poly1305_state poly;
        uint32_t first[WG_AEAD_FIRST_WORD + 16];
    };
} wg_aead_state;

// Core, defined by exactly one file of cores/chacha20poly1305: for each of nblocks blocks of 64
// bytes, dst = src xor keystream, and dst is absorbed. Exactly wg_chacha20_core and then
// wg_poly1305_core over the run, which a tuned core may do in one pass. Only sealing calls it.
void wg_chacha20poly1305_core(wg_aead_state *st, uint8_t *dst, const uint8_t *src, size_t nblocks);

#endif
