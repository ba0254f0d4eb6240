// SPDX-License-Identifier: MIT
// Providers of wg_accel.h for test_accel.c: PROVIDER_WORKS does what it claims by the generic
// cores, PROVIDER_LIES is wrong in a bit, PROVIDER_DECLINES claims all and does nothing.
#include "../reference.h"
#include "provider.h"

unsigned provider_calls, provider_claims = 7;
bool provider_busy, provider_stuck;

const char wg_accel_name[] = "test";

uint32_t wg_accel_claims(void) {
    return provider_claims;
}

static bool declines(void) {
    provider_calls++;
    return provider_busy || PROVIDER == PROVIDER_DECLINES;
}

bool wg_accel_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    if (declines()) {
        return false;
    }
    reference_x25519_core(out, scalar, point);
    out[31] ^= PROVIDER == PROVIDER_LIES ? 0x40 : 0;
    return true;
}

bool wg_accel_blake2s(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                      uint32_t inc, uint32_t f0) {
    if (declines()) {
        return false;
    }
    reference_blake2s_core(h, blocks, nblocks, t, inc, f0);
    t[1] ^= PROVIDER == PROVIDER_LIES && nblocks > 2;
    return true;
}

// A counter is random enough for a test.
bool wg_accel_random(uint8_t *out, size_t len) {
    static uint8_t count;
    if (declines()) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = PROVIDER == PROVIDER_LIES || provider_stuck ? 0x55 : ++count;
    }
    return true;
}
