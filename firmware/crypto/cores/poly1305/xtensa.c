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
    uint32_t r[2 * LIMBS - 1]; // and 5 r[1] to 5 r[4]: what they give weighs 2^130 = 5
    uint32_t h[LIMBS], block[4];
} poly1305_work;

// Words of 32 bits as words of 26.
static inline void poly1305_split(uint32_t out[LIMBS], uint32_t w0, uint32_t w1, uint32_t w2,
                                  uint32_t w3, uint32_t w4) {
    out[0] = w0 & MASK26;
    out[1] = (w0 >> 26 | w1 << 6) & MASK26;
    out[2] = (w1 >> 20 | w2 << 12) & MASK26;
    out[3] = (w2 >> 14 | w3 << 18) & MASK26;
    out[4] = w3 >> 8 | w4 << 24;
}

// low and high += the halves of h * w->r[i], or of s[i - 5].
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
                : "r"(w), "r"(h), "i"(4 * (i)), "m"(*w));                                          \
    } while (0)
#else
#define P(h, i)                                                                                    \
    do {                                                                                           \
        uint64_t p = wg_mul32(h, w->r[i]);                                                         \
        low += (uint32_t)p >> 2 * SCALE;                                                           \
        high += (uint32_t)(p >> 32);                                                               \
    } while (0)
#endif

// One column of the product: out gets its lower 26 bits, low what belongs to the next.
#define COLUMN(out, a, b, c, d, e)                                                                 \
    do {                                                                                           \
        uint32_t high = 0;                                                                         \
        P(h0, a);                                                                                  \
        P(h1, b);                                                                                  \
        P(h2, c);                                                                                  \
        P(h3, d);                                                                                  \
        P(h4, e);                                                                                  \
        out = low & MASK26;                                                                        \
        low = (low >> 26) + high;                                                                  \
    } while (0)

// h = (h + the words) * r, h in words below 2^26 + 2^6 before and after.
static inline void poly1305_times(poly1305_work *w, uint32_t w0, uint32_t w1, uint32_t w2,
                                  uint32_t w3, uint32_t hibit) {
    uint32_t h0 = (w->h[0] + (w0 & MASK26)) << SCALE;
    uint32_t h1 = (w->h[1] + ((w0 >> 26 | w1 << 6) & MASK26)) << SCALE;
    uint32_t h2 = (w->h[2] + ((w1 >> 20 | w2 << 12) & MASK26)) << SCALE;
    uint32_t h3 = (w->h[3] + ((w2 >> 14 | w3 << 18) & MASK26)) << SCALE;
    uint32_t h4 = (w->h[4] + (w3 >> 8 | hibit << 24)) << SCALE;
    uint32_t low = 0, first;
    COLUMN(first, 0, 8, 7, 6, 5);
    COLUMN(w->h[1], 1, 0, 8, 7, 6);
    COLUMN(w->h[2], 2, 1, 0, 8, 7);
    COLUMN(w->h[3], 3, 2, 1, 0, 8);
    COLUMN(w->h[4], 4, 3, 2, 1, 0);
    first += low * 5; // 2^130 = 5; low is below 2^29.4
    w->h[0] = first & MASK26;
    w->h[1] += first >> 26;
}

static void poly1305_begin(poly1305_work *w, const wg_poly1305_state *st) {
    poly1305_split(w->r, st->r[0], st->r[1], st->r[2], st->r[3], 0);
    poly1305_split(w->h, st->h[0], st->h[1], st->h[2], st->h[3], st->h[4]);
    for (unsigned i = 0; i < LIMBS; i++) {
        w->r[i] <<= SCALE;
    }
    for (unsigned i = LIMBS; i < 2 * LIMBS - 1; i++) {
        w->r[i] = w->r[i + 1 - LIMBS] * 5;
    }
}

// Back to 32-bit words, with all carries done: h below 2^130 + a little.
static void poly1305_end(wg_poly1305_state *st, poly1305_work *w) {
    uint32_t *h = w->h, carry = 0;
    for (unsigned i = 1; i < LIMBS; i++) {
        carry += h[i];
        h[i] = carry & MASK26;
        carry >>= 26;
    }
    h[0] += 5 * carry;
    h[1] += h[0] >> 26;
    h[0] &= MASK26;
    h[2] += h[1] >> 26;
    h[1] &= MASK26;
    h[3] += h[2] >> 26;
    h[2] &= MASK26;
    h[4] += h[3] >> 26;
    h[3] &= MASK26;
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
