// SPDX-License-Identifier: MIT
// Portable BLAKE2s compression (RFC 7693 section 3.2): rounds in a loop for size, one round inline.
#include "wg_blake2s.h"
#include "wg_util.h"

// What the compression uses at most; see AEAD_STACK_BYTES in aead.c.
#define BLAKE2S_STACK_BYTES 320

// The IV again (section 2.6): a core stands alone.
static const uint32_t blake2s_core_iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Message word order of each round (section 2.7); public, so looking it up leaks nothing.
static const uint8_t blake2s_sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

// The mixing function G (section 3.1); right rotations by 16, 12, 8, 7.
#define BLAKE2S_G(a, b, c, d, x, y)                                                                \
    do {                                                                                           \
        v[a] += v[b] + m[x];                                                                       \
        v[d] = wg_rotl32(v[d] ^ v[a], 16);                                                         \
        v[c] += v[d];                                                                              \
        v[b] = wg_rotl32(v[b] ^ v[c], 20);                                                         \
        v[a] += v[b] + m[y];                                                                       \
        v[d] = wg_rotl32(v[d] ^ v[a], 24);                                                         \
        v[c] += v[d];                                                                              \
        v[b] = wg_rotl32(v[b] ^ v[c], 25);                                                         \
    } while (0)

static void blake2s_round(uint32_t v[16], const uint32_t m[16], const uint8_t s[16]) {
    BLAKE2S_G(0, 4, 8, 12, s[0], s[1]);
    BLAKE2S_G(1, 5, 9, 13, s[2], s[3]);
    BLAKE2S_G(2, 6, 10, 14, s[4], s[5]);
    BLAKE2S_G(3, 7, 11, 15, s[6], s[7]);
    BLAKE2S_G(0, 5, 10, 15, s[8], s[9]);
    BLAKE2S_G(1, 6, 11, 12, s[10], s[11]);
    BLAKE2S_G(2, 7, 8, 13, s[12], s[13]);
    BLAKE2S_G(3, 4, 9, 14, s[14], s[15]);
}

static __attribute__((noinline)) void blake2s_blocks(uint32_t h[8], const uint8_t *blocks,
                                                     size_t nblocks, uint32_t t[2], uint32_t inc,
                                                     uint32_t f0) {
    uint32_t v[16], m[16];
    for (; nblocks != 0; nblocks--, blocks += WG_BLAKE2S_BLOCK_BYTES) {
        t[0] += inc;
        t[1] += t[0] < inc;
        for (unsigned i = 0; i < 16; i++) {
            m[i] = wg_load32(blocks + 4 * i);
        }
        for (unsigned i = 0; i < 8; i++) {
            v[i] = h[i];
            v[i + 8] = blake2s_core_iv[i];
        }
        v[12] ^= t[0];
        v[13] ^= t[1];
        v[14] ^= f0;
        for (unsigned r = 0; r < 10; r++) {
            blake2s_round(v, m, blake2s_sigma[r]);
        }
        for (unsigned i = 0; i < 8; i++) {
            h[i] ^= v[i] ^ v[i + 8];
        }
    }
}

void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                     uint32_t inc, uint32_t f0) {
    if (nblocks != 0) {
        blake2s_blocks(h, blocks, nblocks, t, inc, f0);
        wg_wipe_stack(BLAKE2S_STACK_BYTES);
    }
}
