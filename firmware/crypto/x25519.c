// SPDX-License-Identifier: MIT
#include "wg_x25519.h"

#include "wg_core.h"
#include "wg_util.h"

// RFC 7748 section 5, decodeScalar25519.
static void x25519_clamped(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    uint8_t e[WG_X25519_BYTES];
    __builtin_memcpy(e, scalar, sizeof e);
    e[0] &= 248;
    e[31] = (uint8_t)((e[31] & 127) | 64);
    wg_x25519_run(out, e, point);
    wg_wipe(e, sizeof e);
}

bool wg_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32]) {
    static const uint8_t zero[WG_X25519_BYTES];
    x25519_clamped(out, scalar, point);
    return !wg_equal(out, zero, sizeof zero);
}

void wg_x25519_base(uint8_t out[32], const uint8_t scalar[32]) {
    x25519_clamped(out, scalar, NULL);
}
