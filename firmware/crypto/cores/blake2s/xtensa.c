// SPDX-License-Identifier: MIT
// BLAKE2s for Xtensa: as in cores/chacha20/xtensa.c the four G of a column or diagonal step go side
// by side, so that one SSAI serves four rotations.
#include "wg_blake2s.h"
#include "wg_util.h"

// What the functions below the core use at most.
#define BLAKE2S_STACK_BYTES 192

// The IV again (section 2.6): a core stands alone.
static const uint32_t blake2s_core_iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Message word order of each round (section 2.7), in bytes from the first word; public.
#define S(a, b, c, d, e, f, g, h) 4 * a, 4 * b, 4 * c, 4 * d, 4 * e, 4 * f, 4 * g, 4 * h
static const uint8_t blake2s_sigma[10][16] = {
    {S(0, 1, 2, 3, 4, 5, 6, 7), S(8, 9, 10, 11, 12, 13, 14, 15)},
    {S(14, 10, 4, 8, 9, 15, 13, 6), S(1, 12, 0, 2, 11, 7, 5, 3)},
    {S(11, 8, 12, 0, 5, 2, 15, 13), S(10, 14, 3, 6, 7, 1, 9, 4)},
    {S(7, 9, 3, 1, 13, 12, 11, 14), S(2, 6, 5, 10, 4, 0, 15, 8)},
    {S(9, 0, 5, 7, 2, 4, 10, 15), S(14, 1, 11, 12, 6, 8, 3, 13)},
    {S(2, 12, 6, 10, 0, 11, 8, 3), S(4, 13, 7, 5, 15, 14, 1, 9)},
    {S(12, 5, 1, 15, 14, 13, 4, 10), S(0, 7, 6, 3, 9, 2, 8, 11)},
    {S(13, 11, 7, 14, 12, 1, 3, 9), S(5, 0, 15, 4, 8, 6, 2, 10)},
    {S(6, 15, 14, 9, 11, 3, 0, 8), S(12, 2, 13, 7, 1, 4, 10, 5)},
    {S(10, 2, 8, 4, 7, 6, 1, 5), S(15, 11, 9, 14, 3, 12, 13, 0)},
};

#define SAR_RIGHT(n) __asm__ volatile("ssai %0" : : "i"(n))
#define ROTATE(v) __asm__ volatile("src %0, %0, %0" : "+r"(v))
#define WORD(i) (*(const uint32_t *)(const void *)(m + s[i]))

// a += b + the message's word; d = (d ^ a) turned.
#define STEP_WORD(a, b, d, i)                                                                      \
    a += b + WORD(i);                                                                              \
    d ^= a;                                                                                        \
    ROTATE(d)

#define STEP(a, b, d)                                                                              \
    a += b;                                                                                        \
    d ^= a;                                                                                        \
    ROTATE(d)

#define MIX(n, k, b0, b1, b2, b3, d0, d1, d2, d3)                                                  \
    SAR_RIGHT(n);                                                                                  \
    STEP_WORD(v0, b0, d0, k);                                                                      \
    STEP_WORD(v1, b1, d1, k + 2);                                                                  \
    STEP_WORD(v2, b2, d2, k + 4);                                                                  \
    STEP_WORD(v3, b3, d3, k + 6)

#define SHIFT(n, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3)                                   \
    SAR_RIGHT(n);                                                                                  \
    STEP(c0, d0, b0);                                                                              \
    STEP(c1, d1, b1);                                                                              \
    STEP(c2, d2, b2);                                                                              \
    STEP(c3, d3, b3)

// Four G side by side (section 3.1), from word k of the round's order.
#define STEPS(k, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3)                                   \
    do {                                                                                           \
        MIX(16, k, b0, b1, b2, b3, d0, d1, d2, d3);                                                \
        SHIFT(12, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3);                                 \
        MIX(8, k + 1, b0, b1, b2, b3, d0, d1, d2, d3);                                             \
        SHIFT(7, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3);                                  \
    } while (0)

static __attribute__((noinline)) void blake2s_compress(uint32_t h[8], const uint8_t *m,
                                                       const uint32_t t[2], uint32_t f0) {
    uint32_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    uint32_t v8 = blake2s_core_iv[0], v9 = blake2s_core_iv[1], v10 = blake2s_core_iv[2],
             v11 = blake2s_core_iv[3], v12 = blake2s_core_iv[4] ^ t[0],
             v13 = blake2s_core_iv[5] ^ t[1], v14 = blake2s_core_iv[6] ^ f0,
             v15 = blake2s_core_iv[7];
    for (const uint8_t *s = blake2s_sigma[0]; s != blake2s_sigma[10]; s += 16) {
        STEPS(0, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
        STEPS(8, v5, v6, v7, v4, v10, v11, v8, v9, v15, v12, v13, v14);
    }
    h[0] ^= v0 ^ v8;
    h[1] ^= v1 ^ v9;
    h[2] ^= v2 ^ v10;
    h[3] ^= v3 ^ v11;
    h[4] ^= v4 ^ v12;
    h[5] ^= v5 ^ v13;
    h[6] ^= v6 ^ v14;
    h[7] ^= v7 ^ v15;
}

void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                     uint32_t inc, uint32_t f0) {
    uint32_t m[16];
    for (; nblocks != 0; nblocks--, blocks += WG_BLAKE2S_BLOCK_BYTES) {
        t[0] += inc;
        t[1] += t[0] < inc;
        wg_load_words(m, blocks, 16);
        blake2s_compress(h, (const uint8_t *)m, t, f0);
    }
    wg_wipe(m, sizeof m);
    wg_wipe_stack(BLAKE2S_STACK_BYTES);
}
