// SPDX-License-Identifier: MIT
// The portable cores under other names, whatever cores are linked: what a tuned one is compared
// with.
#ifndef WG_TEST_REFERENCE_H
#define WG_TEST_REFERENCE_H

#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_chacha20.h"
#include "wg_poly1305.h"
#include "wg_x25519.h"

void reference_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                            uint32_t inc, uint32_t f0);
void reference_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks);
void reference_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                             uint32_t hibit);
void reference_chacha20poly1305_core(wg_aead_state *st, uint8_t *dst, const uint8_t *src,
                                     size_t nblocks);
void reference_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

#endif
