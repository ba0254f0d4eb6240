// SPDX-License-Identifier: MIT
// What the API files call in place of a core: the linked core, and nothing else, unless the build
// asked for a fallback or an accelerator (options.mk). wg_<alg>_run takes what wg_<alg>_core takes.
//
// WG_FALLBACK=1 links the generic core beside each tuned one, as wg_<alg>_core_generic. A tuned
// core that fails the self-test is then passed over for good. Cost in that build: a load, a test
// and a branch for each call of a core, the generic cores' code, and one word of RAM.
#ifndef WG_CORE_H
#define WG_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_accel.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_chacha20.h"
#include "wg_poly1305.h"
#include "wg_selftest.h"
#include "wg_x25519.h"

#ifdef WG_FALLBACK
// Bits of wg_selftest.h: cores passed over since the start.
extern uint32_t wg_core_replaced;

// From now on use the generic cores of these bits. False when there is no more of them to use.
bool wg_core_replace(uint32_t bits);

void wg_blake2s_core_generic(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                             uint32_t inc, uint32_t f0);
void wg_chacha20_core_generic(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks);
void wg_poly1305_core_generic(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                              uint32_t hibit);
void wg_chacha20poly1305_core_generic(wg_aead_state *st, uint8_t *dst, const uint8_t *src,
                                      size_t nblocks);
void wg_x25519_core_generic(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);
#else
#define wg_core_replaced 0u
static inline bool wg_core_replace(uint32_t bits) {
    (void)bits;
    return false;
}
#endif

static inline void wg_blake2s_run(uint32_t h[8], const uint8_t *blocks, size_t nblocks,
                                  uint32_t t[2], uint32_t inc, uint32_t f0) {
#ifdef WG_ACCEL
    if ((wg_accel_used & WG_ACCEL_BLAKE2S) != 0 &&
        wg_accel_blake2s(h, blocks, nblocks, t, inc, f0)) {
        return;
    }
#endif
#ifdef WG_FALLBACK_blake2s
    if ((wg_core_replaced & WG_SELFTEST_BLAKE2S) != 0) {
        wg_blake2s_core_generic(h, blocks, nblocks, t, inc, f0);
        return;
    }
#endif
    wg_blake2s_core(h, blocks, nblocks, t, inc, f0);
}

static inline void wg_chacha20_run(uint32_t state[16], uint8_t *dst, const uint8_t *src,
                                   size_t nblocks) {
#ifdef WG_FALLBACK_chacha20
    if ((wg_core_replaced & WG_SELFTEST_CHACHA20) != 0) {
        wg_chacha20_core_generic(state, dst, src, nblocks);
        return;
    }
#endif
    wg_chacha20_core(state, dst, src, nblocks);
}

static inline void wg_poly1305_run(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                                   uint32_t hibit) {
#ifdef WG_FALLBACK_poly1305
    if ((wg_core_replaced & WG_SELFTEST_POLY1305) != 0) {
        wg_poly1305_core_generic(st, blocks, nblocks, hibit);
        return;
    }
#endif
    wg_poly1305_core(st, blocks, nblocks, hibit);
}

static inline void wg_chacha20poly1305_run(wg_aead_state *st, uint8_t *dst, const uint8_t *src,
                                           size_t nblocks) {
#ifdef WG_FALLBACK_chacha20poly1305
    if ((wg_core_replaced & WG_SELFTEST_AEAD) != 0) {
        wg_chacha20poly1305_core_generic(st, dst, src, nblocks);
        return;
    }
#endif
    wg_chacha20poly1305_core(st, dst, src, nblocks);
}

static inline void wg_x25519_run(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
#ifdef WG_ACCEL
    if ((wg_accel_used & WG_ACCEL_X25519) != 0 && wg_accel_x25519(out, scalar, point)) {
        return;
    }
#endif
#ifdef WG_FALLBACK_x25519
    if ((wg_core_replaced & WG_SELFTEST_X25519) != 0) {
        wg_x25519_core_generic(out, scalar, point);
        return;
    }
#endif
    wg_x25519_core(out, scalar, point);
}

#endif
