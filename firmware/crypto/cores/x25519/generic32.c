// SPDX-License-Identifier: MIT
// Portable X25519: the Montgomery ladder of RFC 7748 section 5.
//
// A number modulo p = 2^255 - 19 is ten words of alternately 26 and 25 bits, so that word i weighs
// 2^ceil(25.5 i) (D. J. Bernstein, Curve25519, section 4; here unsigned, without floating point).
// The free bits make sums and differences ten independent operations and let a column of a product
// be summed in 64 bits without a thought of carries.
//
// "Reduced": words below 2^26 and 2^25, word 1 below 2^25 + 2^17. Products, squares and loaded
// numbers are reduced; they take words below 3.01 * 2^26 and 3.01 * 2^25, as sums and differences
// of two reduced numbers are: 38 times that is below 2^32, and ten products below 2^63. No branch
// and no address depends on a value. (On cores whose long multiply itself takes varying time, such
// as the Cortex-M3, portable C cannot help that.)
#include <stddef.h>

#include "wg_util.h"
#include "wg_x25519.h"

#if defined(__XTENSA__) && !defined(WG_UNEVEN_TIME_ACCEPTED)
#error "not in constant time on Xtensa, where gcc branches on carries: take x25519/xtensa.c"
#endif

#define FE_WORDS 10
#define FE_ONE 1
#define FE_MASK(bits) ((UINT32_C(1) << (bits)) - 1)
// What the ladder uses at most; see AEAD_STACK_BYTES in aead.c. So that this holds at -O3 too, the
// short loops stay loops: unrolled, their words would be spilt to the stack.
#define X25519_STACK_BYTES (sizeof(void *) == 4 ? 640 : 768)

typedef uint32_t fe25519[FE_WORDS];

// One ladder's values, and what a product copies its operands to, so that the result may be one.
typedef struct {
    fe25519 x1, x2, z2, x3, z3, t0, t1;
    fe25519 plain, twice;
    uint32_t mirror[2 * FE_WORDS - 1];
} x25519_state;

static unsigned fe25519_bits(unsigned i) {
    return 26 - (i & 1);
}

static void fe25519_add(fe25519 r, const fe25519 a, const fe25519 b) {
#pragma GCC unroll 1
    for (unsigned i = 0; i < FE_WORDS; i++) {
        r[i] = a[i] + b[i];
    }
}

// Adds 2 p, each of whose words is more than what a reduced number has there.
static void fe25519_sub(fe25519 r, const fe25519 a, const fe25519 b) {
    r[0] = a[0] + 2 * (FE_MASK(26) - 18) - b[0];
    r[1] = a[1] + 2 * FE_MASK(25) - b[1];
#pragma GCC unroll 1
    for (unsigned i = 2; i < FE_WORDS; i += 2) {
        r[i] = a[i] + 2 * FE_MASK(26) - b[i];
        r[i + 1] = a[i + 1] + 2 * FE_MASK(25) - b[i + 1];
    }
}

// Takes the low bits of a column's sum and leaves the carry in it.
static inline uint32_t fe25519_take(uint64_t *sum, unsigned bits) {
    uint32_t low = (uint32_t)*sum & FE_MASK(bits);
    *sum >>= bits;
    return low;
}

// The carry out of the top, below 2^38, weighs 2^255 = 19. In 32-bit steps: for a 64-bit product by
// 19 compilers may call a library function, which on Armv6-M branches on the operands.
static void fe25519_wrap(fe25519 r, uint64_t carry) {
    uint32_t low = r[0] + ((uint32_t)carry & FE_MASK(26)) * 19;
    r[0] = low & FE_MASK(26);
    r[1] += (low >> 26) + (uint32_t)(carry >> 26) * 19;
}

static inline uint64_t fe25519_dot(const uint32_t *f, const uint32_t *g) {
    return wg_mul32(f[0], g[0]) + wg_mul32(f[1], g[1]) + wg_mul32(f[2], g[2]) +
           wg_mul32(f[3], g[3]) + wg_mul32(f[4], g[4]) + wg_mul32(f[5], g[5]) +
           wg_mul32(f[6], g[6]) + wg_mul32(f[7], g[7]) + wg_mul32(f[8], g[8]) +
           wg_mul32(f[9], g[9]);
}

// Column k sums a[i] b[k - i] and 19 a[i] b[k + 10 - i]; two odd words together weigh twice their
// column, which concerns the even columns. So it is an inner product of a, its odd words doubled
// for even k, with ten neighbours of b written backwards and then 19 b written backwards.
static void fe25519_mul(x25519_state *s, fe25519 r, const fe25519 a, const fe25519 b) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < FE_WORDS; i++) {
        s->plain[i] = a[i];
        s->twice[i] = a[i] << (i & 1);
        s->mirror[FE_WORDS - 1 - i] = b[i];
    }
    for (unsigned i = 1; i < FE_WORDS; i++) {
        s->mirror[2 * FE_WORDS - 1 - i] = b[i] * 19;
    }
    for (unsigned k = 0; k < FE_WORDS; k += 2) {
        sum += fe25519_dot(s->twice, s->mirror + 9 - k);
        r[k] = fe25519_take(&sum, 26);
        sum += fe25519_dot(s->plain, s->mirror + 8 - k);
        r[k + 1] = fe25519_take(&sum, 25);
    }
    fe25519_wrap(r, sum);
}

// The same columns with equal products taken once: 55 instead of 100. n is 19 a, the odd words 38
// a.
static void fe25519_sqr(fe25519 r, const fe25519 a) {
    const uint32_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6],
                   a7 = a[7], a8 = a[8], a9 = a[9];
    const uint32_t n5 = 38 * a5, n6 = 19 * a6, n7 = 38 * a7, n8 = 19 * a8, n9 = 38 * a9;
    uint64_t sum;
    sum = wg_mul32(a0, a0) + wg_mul32(2 * a1, n9) + wg_mul32(2 * a2, n8) + wg_mul32(2 * a3, n7) +
          wg_mul32(2 * a4, n6) + wg_mul32(a5, n5);
    r[0] = fe25519_take(&sum, 26);
    sum += wg_mul32(2 * a0, a1) + wg_mul32(a2, n9) + wg_mul32(2 * a3, n8) + wg_mul32(a4, n7) +
           wg_mul32(2 * a5, n6);
    r[1] = fe25519_take(&sum, 25);
    sum += wg_mul32(2 * a0, a2) + wg_mul32(2 * a1, a1) + wg_mul32(2 * a3, n9) +
           wg_mul32(2 * a4, n8) + wg_mul32(2 * a5, n7) + wg_mul32(a6, n6);
    r[2] = fe25519_take(&sum, 26);
    sum += wg_mul32(2 * a0, a3) + wg_mul32(2 * a1, a2) + wg_mul32(a4, n9) + wg_mul32(2 * a5, n8) +
           wg_mul32(a6, n7);
    r[3] = fe25519_take(&sum, 25);
    sum += wg_mul32(2 * a0, a4) + wg_mul32(2 * a1, 2 * a3) + wg_mul32(a2, a2) +
           wg_mul32(2 * a5, n9) + wg_mul32(2 * a6, n8) + wg_mul32(a7, n7);
    r[4] = fe25519_take(&sum, 26);
    sum += wg_mul32(2 * a0, a5) + wg_mul32(2 * a1, a4) + wg_mul32(2 * a2, a3) + wg_mul32(a6, n9) +
           wg_mul32(2 * a7, n8);
    r[5] = fe25519_take(&sum, 25);
    sum += wg_mul32(2 * a0, a6) + wg_mul32(2 * a1, 2 * a5) + wg_mul32(2 * a2, a4) +
           wg_mul32(2 * a3, a3) + wg_mul32(2 * a7, n9) + wg_mul32(a8, n8);
    r[6] = fe25519_take(&sum, 26);
    sum += wg_mul32(2 * a0, a7) + wg_mul32(2 * a1, a6) + wg_mul32(2 * a2, a5) +
           wg_mul32(2 * a3, a4) + wg_mul32(a8, n9);
    r[7] = fe25519_take(&sum, 25);
    sum += wg_mul32(2 * a0, a8) + wg_mul32(2 * a1, 2 * a7) + wg_mul32(2 * a2, a6) +
           wg_mul32(2 * a3, 2 * a5) + wg_mul32(a4, a4) + wg_mul32(a9, n9);
    r[8] = fe25519_take(&sum, 26);
    sum += wg_mul32(2 * a0, a9) + wg_mul32(2 * a1, a8) + wg_mul32(2 * a2, a7) +
           wg_mul32(2 * a3, a6) + wg_mul32(2 * a4, a5);
    r[9] = fe25519_take(&sum, 25);
    fe25519_wrap(r, sum);
}

static void fe25519_sqr_times(fe25519 r, const fe25519 a, unsigned n) {
    fe25519_sqr(r, a);
    while (--n != 0) {
        fe25519_sqr(r, r);
    }
}

// r = a * word, for a word below 2^17.
static void fe25519_mul_word(fe25519 r, const fe25519 a, uint32_t word) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < FE_WORDS; i += 2) {
        sum += wg_mul32(a[i], word);
        r[i] = fe25519_take(&sum, 26);
        sum += wg_mul32(a[i + 1], word);
        r[i + 1] = fe25519_take(&sum, 25);
    }
    fe25519_wrap(r, sum);
}

// Exchanges a and b when bit is 1, reading and writing both either way.
static void fe25519_swap(fe25519 a, fe25519 b, uint32_t bit) {
    uint32_t mask = 0u - bit;
    // Hides that mask has two values only, from which a branch could be made.
    __asm__ volatile("" : "+r"(mask));
#pragma GCC unroll 1
    for (unsigned i = 0; i < FE_WORDS; i++) {
        uint32_t d = (a[i] ^ b[i]) & mask;
        a[i] ^= d;
        b[i] ^= d;
    }
}

// Word i begins at bit ceil(25.5 i) and lies within four bytes; bit 255 is in none.
static void fe25519_load(fe25519 r, const uint8_t in[32]) {
#pragma GCC unroll 1
    for (unsigned i = 0; i < FE_WORDS; i++) {
        unsigned at = (51 * i + 1) / 2;
        r[i] = wg_load32(in + at / 8) >> at % 8 & FE_MASK(fe25519_bits(i));
    }
}

// r = a + 19 carry, with all words below their limits, and the new carry out of the top.
static uint32_t fe25519_carry(fe25519 r, const fe25519 a, uint32_t carry) {
    carry *= 19;
#pragma GCC unroll 1
    for (unsigned i = 0; i < FE_WORDS; i++) {
        carry += a[i];
        r[i] = carry & FE_MASK(fe25519_bits(i));
        carry >>= fe25519_bits(i);
    }
    return carry;
}

// Writes a modulo p. Two passes bring it below 2^255; then it is p or more exactly when adding 19
// carries out of the top, and dropping that carry is the subtraction of p.
static void fe25519_store(uint8_t out[32], fe25519 a, fe25519 scratch) {
    uint32_t carry = fe25519_carry(a, a, 0);
    fe25519_carry(a, a, carry);
    carry = fe25519_carry(scratch, a, 1);
    fe25519_carry(a, a, carry);
    __builtin_memset(out, 0, 32);
#pragma GCC unroll 1
    for (unsigned i = 0; i < FE_WORDS; i++) {
        unsigned at = (51 * i + 1) / 2;
        wg_store32(out + at / 8, wg_load32(out + at / 8) | a[i] << at % 8);
    }
}

static void x25519_swap(x25519_state *s, uint32_t bit) {
    fe25519_swap(s->x2, s->x3, bit);
    fe25519_swap(s->z2, s->z3, bit);
}

// The ladder gives every function its state; these ones need none of it.
#define fe25519_sqr(s, r, a) fe25519_sqr(r, a)
#define fe25519_sqr_times(s, r, a, n) fe25519_sqr_times(r, a, n)
#define fe25519_mul_word(s, r, a, word) fe25519_mul_word(r, a, word)

#include "ladder.h"
