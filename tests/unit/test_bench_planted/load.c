// SPDX-License-Identifier: MIT
// A load whose address depends on the scalar; the instructions are the same for all.
// test_bench_constant_time.py builds this as the core of X25519, and must find it.
#include <stdint.h>

#define wg_x25519_core sound_core
#include "../../../firmware/crypto/cores/x25519/generic32.c"
#undef wg_x25519_core

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

static volatile uint32_t planted;
static const volatile uint32_t table[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    planted ^= table[scalar[7] & 15];
    sound_core(out, scalar, point);
}
