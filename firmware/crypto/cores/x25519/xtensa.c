// SPDX-License-Identifier: MIT
// X25519 for Xtensa LX6 and LX7: the ladder of RFC 7748 section 5, without a 64-bit sum, whose
// carry these cores have no flag for and compilers make a branch of.
//
// A number modulo p = 2^255 - 19 is ten words of 26 bits, each kept times 8. Of the product of two
// words the upper 32 bits are then what belongs to the next column, and the lower 32, shifted down
// by 6, what belongs to this one (8 * 8 = 2^6): both are summed in 32 bits. 2^260 = 32 * 19 = 608.
//
// "Reduced": words below 2^26 + 2^11 (times 8), as products, squares, differences and loaded
// numbers are. Factors may be sums of two reduced numbers: a column's ten high parts stay below 10
// * (2^27 + 2^12)^2 / 2^26 and its low parts below 10 * 2^26, together below 2^31.9.
#include <stdbool.h>
#include <stddef.h>

#include "wg_util.h"
#include "wg_x25519.h"

#define FE_WORDS 10
#define FE_BITS 26
#define FE_SCALE 3
#define FE_MASK ((UINT32_C(1) << FE_BITS) - 1)
#define FE_FOLD 608
#define FE_ONE (1 << FE_SCALE)
// What the ladder uses at most; see AEAD_STACK_BYTES in aead.c.
#define X25519_STACK_BYTES (sizeof(void *) == 4 ? 624 : 768)

typedef uint32_t fe25519[FE_WORDS];

typedef struct {
    fe25519 x1, x2, z2, x3, z3, t0, t1;
    fe25519 twice;
    uint32_t columns[2 * FE_WORDS];
} x25519_state;

static inline void fe25519_add(fe25519 r, const fe25519 a, const fe25519 b) {
    for (unsigned i = 0; i < FE_WORDS; i++) {
        r[i] = a[i] + b[i];
    }
}

// Reduces ten words below 2^32, not yet scaled, and carry * 2^260, carry below 2^18.
static inline void fe25519_settle(fe25519 r, const uint32_t *c, uint32_t carry) {
    uint32_t sum = c[0] + carry * FE_FOLD, first;
    first = sum & FE_MASK;
    sum >>= FE_BITS;
    for (unsigned i = 1; i < FE_WORDS; i++) {
        sum += c[i];
        r[i] = (sum & FE_MASK) << FE_SCALE;
        sum >>= FE_BITS;
    }
    sum = first + sum * FE_FOLD;
    r[0] = (sum & FE_MASK) << FE_SCALE;
    r[1] += sum >> FE_BITS << FE_SCALE;
}

// Adds 64 p, each of whose words is more than what a reduced number has there.
static void fe25519_sub(fe25519 r, const fe25519 a, const fe25519 b) {
    fe25519 c;
    c[0] = (a[0] + (2 * (FE_MASK + 1 - FE_FOLD) << FE_SCALE) - b[0]) >> FE_SCALE;
    for (unsigned i = 1; i < FE_WORDS; i++) {
        c[i] = (a[i] + (2 * FE_MASK << FE_SCALE) - b[i]) >> FE_SCALE;
    }
    fe25519_settle(r, c, 0);
}

// low and high += the halves of a[i] * b[j].
#if defined(__XTENSA__) && !defined(WG_MUL32_CALLED)
// By hand, because compilers load the words of a column early and have to put them away again.
#define P(a, i, b, j)                                                                              \
    do {                                                                                           \
        uint32_t t, u, v;                                                                          \
        __asm__("l32i %2, %5, %7\n"                                                                \
                "l32i %3, %6, %8\n"                                                                \
                "mull %4, %2, %3\n"                                                                \
                "muluh %2, %2, %3\n"                                                               \
                "srli %4, %4, 6\n"                                                                 \
                "add %1, %1, %2\n"                                                                 \
                "add %0, %0, %4\n"                                                                 \
                : "+r"(low), "+r"(high), "=&r"(t), "=&r"(u), "=&r"(v)                              \
                : "r"(a), "r"(b), "i"(4 * (i)), "i"(4 * (j)), "m"(*(const fe25519 *)(a)),          \
                  "m"(*(const fe25519 *)(b)));                                                     \
    } while (0);
#else
#define P(a, i, b, j)                                                                              \
    do {                                                                                           \
        uint64_t p = wg_mul32((a)[i], (b)[j]);                                                     \
        low += (uint32_t)p >> 2 * FE_SCALE;                                                        \
        high += (uint32_t)(p >> 32);                                                               \
    } while (0);
#endif

// The products of column k: its sum is stored, and high parts go on to the next.
#define COLUMN(k, products)                                                                        \
    products s->columns[k] = low;                                                                  \
    low = high;                                                                                    \
    high = 0;

// Twenty columns, not scaled, to ten words, which carry as they come. The upper ones come back
// times 608 = 32 * 19. What is above 2^260 at the end is below 2^13: times 608 below 2^23.
static void fe25519_fold(fe25519 r, const uint32_t c[2 * FE_WORDS]) {
    uint32_t carry = 0, high = 0, sum = 0, first;
#pragma GCC unroll 10
    for (unsigned i = 0; i < FE_WORDS; i++) {
        carry += c[FE_WORDS + i];
        uint32_t t = (carry & FE_MASK) * 19;
        carry >>= FE_BITS;
        sum += c[i] + (t << 5 & FE_MASK) + high;
        high = t >> (FE_BITS - 5);
        r[i] = (sum & FE_MASK) << FE_SCALE;
        sum >>= FE_BITS;
    }
    first = (r[0] >> FE_SCALE) + (sum + high + carry * FE_FOLD) * FE_FOLD;
    r[0] = (first & FE_MASK) << FE_SCALE;
    r[1] += first >> FE_BITS << FE_SCALE;
}

// clang-format off
static void fe25519_mul(x25519_state *s, fe25519 r, const fe25519 a, const fe25519 b) {
    uint32_t low = 0, high = 0;
    COLUMN(0, P(a, 0, b, 0))
    COLUMN(1, P(a, 0, b, 1) P(a, 1, b, 0))
    COLUMN(2, P(a, 0, b, 2) P(a, 1, b, 1) P(a, 2, b, 0))
    COLUMN(3, P(a, 0, b, 3) P(a, 1, b, 2) P(a, 2, b, 1) P(a, 3, b, 0))
    COLUMN(4, P(a, 0, b, 4) P(a, 1, b, 3) P(a, 2, b, 2) P(a, 3, b, 1) P(a, 4, b, 0))
    COLUMN(5, P(a, 0, b, 5) P(a, 1, b, 4) P(a, 2, b, 3) P(a, 3, b, 2) P(a, 4, b, 1) P(a, 5, b, 0))
    COLUMN(6, P(a, 0, b, 6) P(a, 1, b, 5) P(a, 2, b, 4) P(a, 3, b, 3) P(a, 4, b, 2) P(a, 5, b, 1) P(a, 6, b, 0))
    COLUMN(7, P(a, 0, b, 7) P(a, 1, b, 6) P(a, 2, b, 5) P(a, 3, b, 4) P(a, 4, b, 3) P(a, 5, b, 2) P(a, 6, b, 1) P(a, 7, b, 0))
    COLUMN(8, P(a, 0, b, 8) P(a, 1, b, 7) P(a, 2, b, 6) P(a, 3, b, 5) P(a, 4, b, 4) P(a, 5, b, 3) P(a, 6, b, 2) P(a, 7, b, 1) P(a, 8, b, 0))
    COLUMN(9, P(a, 0, b, 9) P(a, 1, b, 8) P(a, 2, b, 7) P(a, 3, b, 6) P(a, 4, b, 5) P(a, 5, b, 4) P(a, 6, b, 3) P(a, 7, b, 2) P(a, 8, b, 1) P(a, 9, b, 0))
    COLUMN(10, P(a, 1, b, 9) P(a, 2, b, 8) P(a, 3, b, 7) P(a, 4, b, 6) P(a, 5, b, 5) P(a, 6, b, 4) P(a, 7, b, 3) P(a, 8, b, 2) P(a, 9, b, 1))
    COLUMN(11, P(a, 2, b, 9) P(a, 3, b, 8) P(a, 4, b, 7) P(a, 5, b, 6) P(a, 6, b, 5) P(a, 7, b, 4) P(a, 8, b, 3) P(a, 9, b, 2))
    COLUMN(12, P(a, 3, b, 9) P(a, 4, b, 8) P(a, 5, b, 7) P(a, 6, b, 6) P(a, 7, b, 5) P(a, 8, b, 4) P(a, 9, b, 3))
    COLUMN(13, P(a, 4, b, 9) P(a, 5, b, 8) P(a, 6, b, 7) P(a, 7, b, 6) P(a, 8, b, 5) P(a, 9, b, 4))
    COLUMN(14, P(a, 5, b, 9) P(a, 6, b, 8) P(a, 7, b, 7) P(a, 8, b, 6) P(a, 9, b, 5))
    COLUMN(15, P(a, 6, b, 9) P(a, 7, b, 8) P(a, 8, b, 7) P(a, 9, b, 6))
    COLUMN(16, P(a, 7, b, 9) P(a, 8, b, 8) P(a, 9, b, 7))
    COLUMN(17, P(a, 8, b, 9) P(a, 9, b, 8))
    COLUMN(18, P(a, 9, b, 9))
    s->columns[2 * FE_WORDS - 1] = low;
    fe25519_fold(r, s->columns);
}

// Equal products once, of the doubled word: 55 instead of 100.
static void fe25519_sqr(x25519_state *s, fe25519 r, const fe25519 a) {
    uint32_t low = 0, high = 0, *twice = s->twice;
    fe25519_add(twice, a, a);
    COLUMN(0, P(a, 0, a, 0))
    COLUMN(1, P(twice, 0, a, 1))
    COLUMN(2, P(twice, 0, a, 2) P(a, 1, a, 1))
    COLUMN(3, P(twice, 0, a, 3) P(twice, 1, a, 2))
    COLUMN(4, P(twice, 0, a, 4) P(twice, 1, a, 3) P(a, 2, a, 2))
    COLUMN(5, P(twice, 0, a, 5) P(twice, 1, a, 4) P(twice, 2, a, 3))
    COLUMN(6, P(twice, 0, a, 6) P(twice, 1, a, 5) P(twice, 2, a, 4) P(a, 3, a, 3))
    COLUMN(7, P(twice, 0, a, 7) P(twice, 1, a, 6) P(twice, 2, a, 5) P(twice, 3, a, 4))
    COLUMN(8, P(twice, 0, a, 8) P(twice, 1, a, 7) P(twice, 2, a, 6) P(twice, 3, a, 5) P(a, 4, a, 4))
    COLUMN(9, P(twice, 0, a, 9) P(twice, 1, a, 8) P(twice, 2, a, 7) P(twice, 3, a, 6) P(twice, 4, a, 5))
    COLUMN(10, P(twice, 1, a, 9) P(twice, 2, a, 8) P(twice, 3, a, 7) P(twice, 4, a, 6) P(a, 5, a, 5))
    COLUMN(11, P(twice, 2, a, 9) P(twice, 3, a, 8) P(twice, 4, a, 7) P(twice, 5, a, 6))
    COLUMN(12, P(twice, 3, a, 9) P(twice, 4, a, 8) P(twice, 5, a, 7) P(a, 6, a, 6))
    COLUMN(13, P(twice, 4, a, 9) P(twice, 5, a, 8) P(twice, 6, a, 7))
    COLUMN(14, P(twice, 5, a, 9) P(twice, 6, a, 8) P(a, 7, a, 7))
    COLUMN(15, P(twice, 6, a, 9) P(twice, 7, a, 8))
    COLUMN(16, P(twice, 7, a, 9) P(a, 8, a, 8))
    COLUMN(17, P(twice, 8, a, 9))
    COLUMN(18, P(a, 9, a, 9))
    s->columns[2 * FE_WORDS - 1] = low;
    fe25519_fold(r, s->columns);
}
// clang-format on

static void fe25519_sqr_times(x25519_state *s, fe25519 r, const fe25519 a, unsigned n) {
    fe25519_sqr(s, r, a);
    while (--n != 0) {
        fe25519_sqr(s, r, r);
    }
}

// r = a * word, for a word below 2^17.
static void fe25519_mul_word(x25519_state *s, fe25519 r, const fe25519 a, uint32_t word) {
    uint32_t high = 0;
    for (unsigned i = 0; i < FE_WORDS; i++) {
        uint64_t p = wg_mul32(a[i], word << FE_SCALE);
        s->columns[i] = high + ((uint32_t)p >> 2 * FE_SCALE);
        high = (uint32_t)(p >> 32);
    }
    fe25519_settle(r, s->columns, high);
}

// Exchanges a and b when mask is all ones, reading and writing both either way.
static void fe25519_swap(fe25519 a, fe25519 b, uint32_t mask) {
    for (unsigned i = 0; i < FE_WORDS; i++) {
        uint32_t d = (a[i] ^ b[i]) & mask;
        a[i] ^= d;
        b[i] ^= d;
    }
}

// Word i begins at bit 26 i; bit 255 is in none.
static void fe25519_load(fe25519 r, const uint8_t in[32]) {
    for (unsigned i = 0; i < FE_WORDS; i++) {
        unsigned at = FE_BITS * i;
        uint32_t word = i == FE_WORDS - 1
                            ? (uint32_t)(in[31] & 127) << 16 | (uint32_t)in[30] << 8 | in[29]
                            : wg_load32(in + at / 8);
        r[i] = (word >> at % 8 & FE_MASK) << FE_SCALE;
    }
}

// r = a + 19 carry with all words below their limits, not scaled, and what is above 2^255.
static uint32_t fe25519_carry(fe25519 r, const fe25519 a, uint32_t carry) {
    carry *= 19;
    for (unsigned i = 0; i < FE_WORDS; i++) {
        unsigned bits = i == FE_WORDS - 1 ? 21 : FE_BITS;
        carry += a[i];
        r[i] = carry & ((UINT32_C(1) << bits) - 1);
        carry >>= bits;
    }
    return carry;
}

// Writes a modulo p. Two passes bring it below 2^255; then it is p or more exactly when adding 19
// carries out of the top, and dropping that carry is the subtraction of p.
static void fe25519_store(uint8_t out[32], fe25519 a, fe25519 scratch) {
    uint32_t carry;
    for (unsigned i = 0; i < FE_WORDS; i++) {
        a[i] >>= FE_SCALE;
    }
    carry = fe25519_carry(a, a, 0);
    fe25519_carry(a, a, carry);
    carry = fe25519_carry(scratch, a, 1);
    fe25519_carry(a, a, carry);
    __builtin_memset(out, 0, 32);
    for (unsigned i = 0; i < FE_WORDS - 1; i++) {
        unsigned at = FE_BITS * i;
        wg_store32(out + at / 8, wg_load32(out + at / 8) | a[i] << at % 8);
    }
    out[29] |= (uint8_t)(a[9] << 2);
    out[30] = (uint8_t)(a[9] >> 6);
    out[31] = (uint8_t)(a[9] >> 14);
}

// Exchanges the points when bit is 1.
static inline void x25519_swap(x25519_state *s, uint32_t bit) {
    uint32_t mask = 0u - bit;
    // Hides that mask has two values only, from which a branch could be made.
    __asm__ volatile("" : "+r"(mask));
    fe25519_swap(s->x2, s->x3, mask);
    fe25519_swap(s->z2, s->z3, mask);
}

#include "ladder.h"
