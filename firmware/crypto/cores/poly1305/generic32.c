// SPDX-License-Identifier: MIT
// Portable Poly1305 with full 32-bit words: 16 products of 32x32->64 bits and 5 short ones a block.
//
// Clamping leaves r[i] < 2^28 and, for i > 0, divisible by 4, so a product that passes 2^128 folds
// by 2^130 = 5 with s[i] = r[i] * 5 / 4. Each column then sums at most five products below 2^60.4:
// no 64-bit sum overflows, and only the carry after the block has to be dealt with.
#include "wg_poly1305.h"
#include "wg_util.h"

#if defined(__XTENSA__) && !defined(WG_UNEVEN_TIME_ACCEPTED)
#error "not in constant time on Xtensa, where gcc branches on carries: take poly1305/xtensa.c"
#endif

// What the products use at most, of all targets of tests/native (test_wipe.c).
#define POLY1305_STACK_BYTES 384

static __attribute__((noinline)) void poly1305_blocks(wg_poly1305_state *st, const uint8_t *blocks,
                                                      size_t nblocks, uint32_t hibit) {
    uint32_t h0 = st->h[0], h1 = st->h[1], h2 = st->h[2], h3 = st->h[3], h4 = st->h[4];
    const uint32_t r0 = st->r[0], r1 = st->r[1], r2 = st->r[2], r3 = st->r[3];
    const uint32_t s1 = r1 + (r1 >> 2), s2 = r2 + (r2 >> 2), s3 = r3 + (r3 >> 2);
    for (; nblocks != 0; nblocks--, blocks += WG_POLY1305_BLOCK_BYTES) {
        uint64_t d0, d1, d2, d3;
        d0 = (uint64_t)h0 + wg_load32(blocks);
        d1 = (uint64_t)h1 + wg_load32(blocks + 4) + (d0 >> 32);
        d2 = (uint64_t)h2 + wg_load32(blocks + 8) + (d1 >> 32);
        d3 = (uint64_t)h3 + wg_load32(blocks + 12) + (d2 >> 32);
        h0 = (uint32_t)d0;
        h1 = (uint32_t)d1;
        h2 = (uint32_t)d2;
        h3 = (uint32_t)d3;
        h4 += (uint32_t)(d3 >> 32) + hibit; // at most 6

        d0 = wg_mul32(h0, r0) + wg_mul32(h1, s3) + wg_mul32(h2, s2) + wg_mul32(h3, s1);
        d1 = wg_mul32(h0, r1) + wg_mul32(h1, r0) + wg_mul32(h2, s3) + wg_mul32(h3, s2) +
             wg_mul32(h4, s1);
        d2 = wg_mul32(h0, r2) + wg_mul32(h1, r1) + wg_mul32(h2, r0) + wg_mul32(h3, s3) +
             wg_mul32(h4, s2);
        d3 = wg_mul32(h0, r3) + wg_mul32(h1, r2) + wg_mul32(h2, r1) + wg_mul32(h3, r0) +
             wg_mul32(h4, s3);
        d1 += d0 >> 32;
        d2 += d1 >> 32;
        d3 += d2 >> 32;
        h4 = h4 * r0 + (uint32_t)(d3 >> 32); // at most 10 * 2^28

        // What is above 2^130 comes back times 5: 4 times and once.
        d0 = (uint64_t)(uint32_t)d0 + ((h4 & ~3u) + (h4 >> 2));
        d1 = (uint64_t)(uint32_t)d1 + (d0 >> 32);
        d2 = (uint64_t)(uint32_t)d2 + (d1 >> 32);
        d3 = (uint64_t)(uint32_t)d3 + (d2 >> 32);
        h0 = (uint32_t)d0;
        h1 = (uint32_t)d1;
        h2 = (uint32_t)d2;
        h3 = (uint32_t)d3;
        h4 = (h4 & 3) + (uint32_t)(d3 >> 32);
    }
    st->h[0] = h0;
    st->h[1] = h1;
    st->h[2] = h2;
    st->h[3] = h3;
    st->h[4] = h4;
}

void wg_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                      uint32_t hibit) {
    if (nblocks != 0) {
        poly1305_blocks(st, blocks, nblocks, hibit);
        wg_wipe_stack(POLY1305_STACK_BYTES);
    }
}
