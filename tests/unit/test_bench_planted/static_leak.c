// SPDX-License-Identifier: MIT
// A core that keeps the scalar in a variable of its own. test_bench_wipe.py must find it.
#include <stdint.h>

#define wg_x25519_core sound_core
#include "../../../firmware/crypto/cores/x25519/generic32.c"
#undef wg_x25519_core

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

static volatile uint8_t kept[32];

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    for (unsigned i = 0; i < 32; i++) {
        kept[i] = scalar[i];
    }
    sound_core(out, scalar, point);
}
