// SPDX-License-Identifier: MIT
// Only with WG_FALLBACK=1: the generic cores under a second name, beside the tuned ones. options.mk
// defines WG_FALLBACK_<alg> for each algorithm whose linked core is not the generic one.
#include "wg_core.h"
#include "wg_util.h"

#ifdef WG_FALLBACK

uint32_t wg_core_replaced;

#ifdef WG_FALLBACK_blake2s
#define HAVE_BLAKE2S WG_SELFTEST_BLAKE2S
#define wg_blake2s_core wg_blake2s_core_generic
#include "cores/blake2s/generic32.c"
#undef wg_blake2s_core
#else
#define HAVE_BLAKE2S 0
#endif

#ifdef WG_FALLBACK_chacha20
#define HAVE_CHACHA20 WG_SELFTEST_CHACHA20
#define wg_chacha20_core wg_chacha20_core_generic
#include "cores/chacha20/generic32.c"
#undef wg_chacha20_core
#else
#define HAVE_CHACHA20 0
#endif

#ifdef WG_FALLBACK_poly1305
#define HAVE_POLY1305 WG_SELFTEST_POLY1305
#define wg_poly1305_core wg_poly1305_core_generic
#include "cores/poly1305/generic32.c"
#undef wg_poly1305_core
#else
#define HAVE_POLY1305 0
#endif

#ifdef WG_FALLBACK_chacha20poly1305
#define HAVE_AEAD WG_SELFTEST_AEAD
#define wg_chacha20poly1305_core wg_chacha20poly1305_core_generic
#include "cores/chacha20poly1305/generic32.c"
#undef wg_chacha20poly1305_core
#else
#define HAVE_AEAD 0
#endif

#ifdef WG_FALLBACK_x25519
#define HAVE_X25519 WG_SELFTEST_X25519
#define wg_x25519_core wg_x25519_core_generic
#include "cores/x25519/generic32.c"
#undef wg_x25519_core
#else
#define HAVE_X25519 0
#endif

bool wg_core_replace(uint32_t bits) {
    const uint32_t have = HAVE_BLAKE2S | HAVE_CHACHA20 | HAVE_POLY1305 | HAVE_AEAD | HAVE_X25519;
    uint32_t more = bits & have & ~wg_core_replaced;
    wg_core_replaced |= more;
    return more != 0;
}

#endif
