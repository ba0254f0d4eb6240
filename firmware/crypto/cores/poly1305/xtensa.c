// SPDX-License-Identifier: MIT
// Poly1305 for Xtensa LX6 and LX7, which have MULL and MULUH but no carry flag: compilers make a
// 64-bit sum's carry with a branch, which would depend on secrets.
//
// So numbers are five words of 26 bits, kept times 8: of a product's 64 bits the upper 32 are then
// what belongs to the next column and the lower 32, shifted down by 6, what belongs to this one
// (8 * 8 = 2^6). Both are summed in 32 bits: with h below 2^27 and 5 r below 2^28.4 four high parts
// stay below 2^31.4 and the next column's five low parts on top of them below 2^31.6.
#include <stdbool.h>

#include "wg_poly1305.h"
#include "wg_util.h"

// What the functions below the core use at most.
#define POLY1305_STACK_BYTES 192

#define LIMBS 5
#define MASK26 0x3ffffffu
#define SCALE 3

typedef struct {
    uint32_t r[2 * LIMBS - 1]; // 5 r[1] to 5 r[4], which weigh 2^130 = 5 in r's place; r[0] to r[4]
    uint32_t h[LIMBS], block[4];
} poly1305_work;

// Words of 32 bits as words of 26.
static __attribute__((noinline)) void poly1305_split(uint32_t out[LIMBS], const uint32_t in[4],
                                                     uint32_t top) {
    out[0] = in[0] & MASK26;
    out[1] = (in[0] >> 26 | in[1] << 6) & MASK26;
    out[2] = (in[1] >> 20 | in[2] << 12) & MASK26;
    out[3] = (in[2] >> 14 | in[3] << 18) & MASK26;
    out[4] = in[3] >> 8 | top << 24;
}

// low and high += the halves of h * r[i].
#if defined(__XTENSA__) && !defined(WG_MUL32_CALLED)
// By hand, because compilers load the factors early and have to put them away again.
#define P(h, i)                                                                                    \
    do {                                                                                           \
        uint32_t t, u;                                                                             \
        __asm__("l32i %2, %4, %6\n"                                                                \
                "mull %3, %2, %5\n"                                                                \
                "muluh %2, %2, %5\n"                                                               \
                "srli %3, %3, 6\n"                                                                 \
                "add %1, %1, %2\n"                                                                 \
                "add %0, %0, %3\n"                                                                 \
                : "+r"(low), "+r"(high), "=&r"(t), "=&r"(u)                                        \
                : "r"(r), "r"(h), "i"(4 * (i)), "m"(*(const uint32_t (*)[LIMBS])r));               \
    } while (0)
#else
#define P(h, i)                                                                                    \
    do {                                                                                           \
        uint64_t p = wg_mul32(h, r[i]);                                                            \
        low += (uint32_t)p >> 2 * SCALE;                                                           \
        high += (uint32_t)(p >> 32);                                                               \
    } while (0)
#endif

// h = (h + the words) * r, h in words below 2^26 + 2^6 before and after.
static inline void poly1305_times(poly1305_work *w, uint32_t w0, uint32_t w1, uint32_t w2,
                                  uint32_t w3, uint32_t hibit) {
    uint32_t h0 = (w->h[0] + (w0 & MASK26)) << SCALE;
    uint32_t h1 = (w->h[1] + ((w0 >> 26 | w1 << 6) & MASK26)) << SCALE;
    uint32_t h2 = (w->h[2] + ((w1 >> 20 | w2 << 12) & MASK26)) << SCALE;
    uint32_t h3 = (w->h[3] + ((w2 >> 14 | w3 << 18) & MASK26)) << SCALE;
    uint32_t h4 = (w->h[4] + (w3 >> 8 | hibit << 24)) << SCALE;
    const uint32_t *r = w->r;
    uint32_t low = 0, first;
    // A column after the other, each with a word of r more and one of 5 r less.
#pragma GCC unroll 1
    for (uint32_t *out = w->h; out != w->h + LIMBS; out++, r++) {
        uint32_t high = 0;
        P(h0, 4);
        P(h1, 3);
        P(h2, 2);
        P(h3, 1);
        P(h4, 0);
        *out = low & MASK26;
        low = (low >> 26) + high;
    }
    first = w->h[0] + low * 5; // 2^130 = 5; low is below 2^29.4
    w->h[0] = first & MASK26;
    w->h[1] += first >> 26;
}

static void poly1305_begin(poly1305_work *w, const wg_poly1305_state *st) {
    uint32_t *r = w->r + LIMBS - 1;
    poly1305_split(r, st->r, 0);
    poly1305_split(w->h, st->h, st->h[4]);
#pragma GCC unroll 1
    for (unsigned i = 0; i < LIMBS; i++) {
        r[i] <<= SCALE;
    }
#pragma GCC unroll 1
    for (unsigned i = 1; i < LIMBS; i++) {
        w->r[i - 1] = r[i] * 5;
    }
}

// Back to 32-bit words, with all carries done: where the second pass carries out of the top, h[0]
// is small.
static void poly1305_end(wg_poly1305_state *st, poly1305_work *w) {
    uint32_t *h = w->h;
    for (unsigned pass = 0; pass < 2; pass++) {
        uint32_t carry = 0;
#pragma GCC unroll 1
        for (unsigned i = 0; i < LIMBS; i++) {
            carry += h[i];
            h[i] = carry & MASK26;
            carry >>= 26;
        }
        h[0] += 5 * carry;
    }
    st->h[0] = h[0] | h[1] << 26;
    st->h[1] = h[1] >> 6 | h[2] << 20;
    st->h[2] = h[2] >> 12 | h[3] << 14;
    st->h[3] = h[3] >> 18 | h[4] << 8;
    st->h[4] = h[4] >> 24;
}

static __attribute__((noinline)) void poly1305_blocks(poly1305_work *w, const uint8_t *p,
                                                      size_t nblocks, uint32_t hibit) {
    // Public: where the message lies.
    bool aligned = ((uintptr_t)p & 3) == 0;
    for (; nblocks != 0; nblocks--, p += WG_POLY1305_BLOCK_BYTES) {
        const uint8_t *q = p;
        if (!aligned) {
            wg_load_words(w->block, p, 4);
            q = (const uint8_t *)w->block;
        }
        const uint32_t *words = (const uint32_t *)(const void *)q;
        poly1305_times(w, words[0], words[1], words[2], words[3], hibit);
    }
}

void wg_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                      uint32_t hibit) {
    poly1305_work w;
    if (nblocks == 0) {
        return;
    }
    poly1305_begin(&w, st);
    poly1305_blocks(&w, blocks, nblocks, hibit);
    poly1305_end(st, &w);
    wg_wipe(&w, sizeof w);
    wg_wipe_stack(POLY1305_STACK_BYTES);
}
