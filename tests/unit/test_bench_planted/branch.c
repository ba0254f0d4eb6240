// SPDX-License-Identifier: MIT
// A branch that depends on one bit of the scalar. test_bench_constant_time.py
// builds this as the core of X25519, and must find it.
#include <stdint.h>

#define wg_x25519_core sound_core
#include "../../../firmware/crypto/cores/x25519/generic32.c"
#undef wg_x25519_core

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

static volatile uint32_t planted;

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    if (scalar[13] & 4) {
        planted++;
    }
    sound_core(out, scalar, point);
}
