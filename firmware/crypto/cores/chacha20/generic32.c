// SPDX-License-Identifier: MIT
// Portable ChaCha20 block function (RFC 8439 section 2.3), written for 32-bit registers.
#include "wg_chacha20.h"
#include "wg_util.h"

// What the rounds use at most, of all targets of tests/native (test_wipe.c).
#define CHACHA20_STACK_BYTES 384

#define CHACHA20_QUARTER(a, b, c, d)                                                               \
    do {                                                                                           \
        x[a] += x[b];                                                                              \
        x[d] = wg_rotl32(x[d] ^ x[a], 16);                                                         \
        x[c] += x[d];                                                                              \
        x[b] = wg_rotl32(x[b] ^ x[c], 12);                                                         \
        x[a] += x[b];                                                                              \
        x[d] = wg_rotl32(x[d] ^ x[a], 8);                                                          \
        x[c] += x[d];                                                                              \
        x[b] = wg_rotl32(x[b] ^ x[c], 7);                                                          \
    } while (0)

static void chacha20_rounds(uint32_t x[16]) {
    for (unsigned i = 0; i < 10; i++) {
        CHACHA20_QUARTER(0, 4, 8, 12);
        CHACHA20_QUARTER(1, 5, 9, 13);
        CHACHA20_QUARTER(2, 6, 10, 14);
        CHACHA20_QUARTER(3, 7, 11, 15);
        CHACHA20_QUARTER(0, 5, 10, 15);
        CHACHA20_QUARTER(1, 6, 11, 12);
        CHACHA20_QUARTER(2, 7, 8, 13);
        CHACHA20_QUARTER(3, 4, 9, 14);
    }
}

static __attribute__((noinline)) void chacha20_blocks(uint32_t state[16], uint8_t *dst,
                                                      const uint8_t *src, size_t nblocks) {
    uint32_t x[16];
    for (; nblocks != 0; nblocks--) {
        __builtin_memcpy(x, state, sizeof x);
        chacha20_rounds(x);
        for (unsigned i = 0; i < 16; i++) {
            wg_store32(dst + 4 * i, wg_load32(src + 4 * i) ^ (x[i] + state[i]));
        }
        state[WG_CHACHA20_COUNTER_WORD]++;
        dst += WG_CHACHA20_BLOCK_BYTES;
        src += WG_CHACHA20_BLOCK_BYTES;
    }
}

void wg_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks) {
    if (nblocks != 0) {
        chacha20_blocks(state, dst, src, nblocks);
        wg_wipe_stack(CHACHA20_STACK_BYTES);
    }
}
