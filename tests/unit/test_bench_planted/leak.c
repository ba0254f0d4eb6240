// SPDX-License-Identifier: MIT
// A core that leaves two words of the scalar on the stack. test_bench_wipe.py builds this as the
// core of X25519, and must find them.
#include <stdint.h>

#define wg_x25519_core sound_core
#include "../../../firmware/crypto/cores/x25519/generic32.c"
#undef wg_x25519_core

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

static __attribute__((noinline)) void leave(const uint8_t *secret) {
    volatile uint8_t kept[256]; // deep enough that what is called next does not overwrite it
    for (unsigned i = 0; i < 8; i++) {
        kept[i] = secret[i];
    }
    (void)kept[0];
}

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    uint8_t copy[8];
    __builtin_memcpy(copy, scalar + 11, sizeof copy);
    sound_core(out, scalar, point);
    leave(copy);
}
