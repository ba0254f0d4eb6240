// SPDX-License-Identifier: MIT
// Portable X25519: the Montgomery ladder of RFC 7748 section 5 over eight full 32-bit words.
//
// Numbers are any of the 256-bit representatives modulo p = 2^255 - 19; what passes 2^256 comes
// back times 38. Only the result is reduced to below p. Every step is a = b * c + d + e in 64 bits,
// which never overflows: (2^32-1)^2 + 2 (2^32-1) = 2^64 - 1. No branch and no address depends on a
// value; on cores whose long multiply itself takes varying time (Cortex-M3) portable C cannot help
// that.
#include <stddef.h>

#include "wg_util.h"
#include "wg_x25519.h"

#define X25519_WORDS 8
#define X25519_A24 121665 // (486662 - 2) / 4

typedef uint32_t fe25519[X25519_WORDS];

// One ladder's values. Products go to wide first, so any operand may be the result as well.
typedef struct {
    fe25519 x1, x2, z2, x3, z3, t0, t1;
    uint32_t wide[2 * X25519_WORDS];
} x25519_state;

// r += 38 * carry, carry < 2^26. When the first pass carries out, what is left in r is below
// 38 * carry < 2^32 - 38, so the second one stays in the lowest word.
static void fe25519_fold(fe25519 r, uint32_t carry) {
    uint64_t acc = (uint64_t)carry * 38;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc += r[i];
        r[i] = (uint32_t)acc;
        acc >>= 32;
    }
    r[0] += (uint32_t)acc * 38;
}

static void fe25519_add(fe25519 r, const fe25519 a, const fe25519 b) {
    uint64_t acc = 0;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc += (uint64_t)a[i] + b[i];
        r[i] = (uint32_t)acc;
        acc >>= 32;
    }
    fe25519_fold(r, (uint32_t)acc);
}

// The mirror of add: a borrow of 2^256 is a borrow of 38.
static void fe25519_sub(fe25519 r, const fe25519 a, const fe25519 b) {
    uint64_t acc = 0;
    uint32_t borrow;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc = (uint64_t)a[i] - b[i] - (uint32_t)acc;
        r[i] = (uint32_t)acc;
        acc = acc >> 63;
    }
    borrow = (uint32_t)acc * 38;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc = (uint64_t)r[i] - borrow;
        r[i] = (uint32_t)acc;
        borrow = (uint32_t)(acc >> 63);
    }
    r[0] -= borrow * 38;
}

// r = the 512-bit wide modulo p.
static void fe25519_reduce(fe25519 r, const uint32_t wide[2 * X25519_WORDS]) {
    uint64_t acc = 0;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc += (uint64_t)wide[i + X25519_WORDS] * 38 + wide[i];
        r[i] = (uint32_t)acc;
        acc >>= 32;
    }
    fe25519_fold(r, (uint32_t)acc);
}

// r = a * word, for a word below 2^26.
static void fe25519_mul_word(fe25519 r, const fe25519 a, uint32_t word) {
    uint64_t acc = 0;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc += (uint64_t)a[i] * word;
        r[i] = (uint32_t)acc;
        acc >>= 32;
    }
    fe25519_fold(r, (uint32_t)acc);
}

// One row of the schoolbook product: *acc = a * b + *out + carry.
#define X25519_ROW(i)                                                                              \
    do {                                                                                           \
        acc = (uint64_t)word * b[i] + out[i] + (uint32_t)(acc >> 32);                              \
        out[i] = (uint32_t)acc;                                                                    \
    } while (0)

static void fe25519_mul(x25519_state *s, fe25519 r, const fe25519 a, const fe25519 b) {
    uint32_t *out = s->wide;
    __builtin_memset(out, 0, sizeof(fe25519));
    for (unsigned i = 0; i < X25519_WORDS; i++, out++) {
        uint32_t word = a[i];
        uint64_t acc = 0;
        X25519_ROW(0);
        X25519_ROW(1);
        X25519_ROW(2);
        X25519_ROW(3);
        X25519_ROW(4);
        X25519_ROW(5);
        X25519_ROW(6);
        X25519_ROW(7);
        out[X25519_WORDS] = (uint32_t)(acc >> 32);
    }
    fe25519_reduce(r, s->wide);
}

// The 28 products above the diagonal, doubled, and the 8 squares.
static void fe25519_sqr(x25519_state *s, fe25519 r, const fe25519 a) {
    uint32_t *wide = s->wide, top = 0;
    uint64_t acc = 0;
    __builtin_memset(wide, 0, sizeof s->wide);
    for (unsigned i = 0; i < X25519_WORDS - 1; i++) {
        acc = 0;
        for (unsigned j = i + 1; j < X25519_WORDS; j++) {
            acc = (uint64_t)a[i] * a[j] + wide[i + j] + (uint32_t)(acc >> 32);
            wide[i + j] = (uint32_t)acc;
        }
        wide[i + X25519_WORDS] = (uint32_t)(acc >> 32);
    }
    acc = 0;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        uint32_t low = wide[2 * i], high = wide[2 * i + 1];
        acc = (uint64_t)a[i] * a[i] + (low << 1 | top) + (uint32_t)(acc >> 32);
        wide[2 * i] = (uint32_t)acc;
        acc = (acc >> 32) + (high << 1 | low >> 31);
        wide[2 * i + 1] = (uint32_t)acc;
        top = high >> 31;
    }
    fe25519_reduce(r, wide);
}

static void fe25519_sqr_times(x25519_state *s, fe25519 r, const fe25519 a, unsigned n) {
    fe25519_sqr(s, r, a);
    while (--n != 0) {
        fe25519_sqr(s, r, r);
    }
}

// Exchanges a and b when bit is 1, reading and writing both either way.
static void fe25519_swap(fe25519 a, fe25519 b, uint32_t bit) {
    uint32_t mask = 0u - bit;
    // Hides that mask has two values only, from which a branch could be made.
    __asm__ volatile("" : "+r"(mask));
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        uint32_t d = (a[i] ^ b[i]) & mask;
        a[i] ^= d;
        b[i] ^= d;
    }
}

static void fe25519_load(fe25519 r, const uint8_t in[32]) {
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        r[i] = wg_load32(in + 4 * i);
    }
    r[7] &= 0x7fffffffu;
}

// Writes a modulo p. After the top bit has come back times 19, a < 2^255 + 19, so that at most one
// p is left: there is one exactly when a + 19 reaches 2^255.
static void fe25519_store(uint8_t out[32], fe25519 a) {
    uint64_t acc;
    for (unsigned pass = 0; pass < 2; pass++) {
        acc = (uint64_t)(a[7] >> 31) * 19;
        a[7] &= 0x7fffffffu;
        for (unsigned i = 0; i < X25519_WORDS; i++) {
            acc += a[i];
            a[i] = (uint32_t)acc;
            acc >>= 32;
        }
    }
    acc = 19;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc += a[i];
        acc = i == 7 ? acc >> 31 : acc >> 32;
    }
    acc *= 19;
    for (unsigned i = 0; i < X25519_WORDS; i++) {
        acc += a[i];
        wg_store32(out + 4 * i, (uint32_t)acc & (i == 7 ? 0x7fffffffu : 0xffffffffu));
        acc >>= 32;
    }
}

// RFC 7748 section 5's step in place; point x1, or 9 when base.
static void x25519_step(x25519_state *s, bool base) {
    fe25519_add(s->t0, s->x2, s->z2);    // A
    fe25519_sub(s->z2, s->x2, s->z2);    // B
    fe25519_add(s->x2, s->x3, s->z3);    // C
    fe25519_sub(s->z3, s->x3, s->z3);    // D
    fe25519_mul(s, s->x3, s->z3, s->t0); // DA
    fe25519_mul(s, s->z3, s->x2, s->z2); // CB
    fe25519_sqr(s, s->t0, s->t0);        // AA
    fe25519_sqr(s, s->x2, s->z2);        // BB
    fe25519_sub(s->z2, s->x3, s->z3);
    fe25519_add(s->x3, s->x3, s->z3);
    fe25519_sqr(s, s->x3, s->x3); // (DA + CB)^2
    fe25519_sqr(s, s->z2, s->z2);
    if (base) {
        fe25519_mul_word(s->z3, s->z2, 9);
    } else {
        fe25519_mul(s, s->z3, s->z2, s->x1); // x1 (DA - CB)^2
    }
    fe25519_sub(s->z2, s->t0, s->x2);    // E
    fe25519_mul(s, s->x2, s->t0, s->x2); // AA BB
    fe25519_mul_word(s->t1, s->z2, X25519_A24);
    fe25519_add(s->t0, s->t0, s->t1);
    fe25519_mul(s, s->z2, s->z2, s->t0); // E (AA + a24 E)
}

static void x25519_ladder(x25519_state *s, const uint8_t scalar[32], bool base) {
    uint32_t previous = 0;
    for (unsigned i = 255; i-- != 0;) {
        uint32_t bit = (uint32_t)scalar[i >> 3] >> (i & 7) & 1;
        fe25519_swap(s->x2, s->x3, previous ^ bit);
        fe25519_swap(s->z2, s->z3, previous ^ bit);
        previous = bit;
        x25519_step(s, base);
    }
    // Clamping made bit 0 zero, so there is nothing left to exchange.
}

// x2 = x2 / z2 by z2^(p - 2) = z2^(2^255 - 21): 254 squarings, 11 products. Names give the
// exponent.
static void x25519_divide(x25519_state *s) {
    uint32_t *e2 = s->x1, *e9 = s->x3, *e11 = s->z3, *run = s->t0, *t = s->t1, *z = s->z2;
    fe25519_sqr(s, e2, z);
    fe25519_sqr_times(s, t, e2, 2);
    fe25519_mul(s, e9, t, z);
    fe25519_mul(s, e11, e9, e2);
    fe25519_sqr(s, t, e11);
    fe25519_mul(s, run, t, e9); // 2^5 - 1
    fe25519_sqr_times(s, t, run, 5);
    fe25519_mul(s, run, t, run); // 2^10 - 1
    fe25519_sqr_times(s, t, run, 10);
    fe25519_mul(s, e9, t, run); // 2^20 - 1
    fe25519_sqr_times(s, t, e9, 20);
    fe25519_mul(s, t, t, e9); // 2^40 - 1
    fe25519_sqr_times(s, t, t, 10);
    fe25519_mul(s, run, t, run); // 2^50 - 1
    fe25519_sqr_times(s, t, run, 50);
    fe25519_mul(s, e9, t, run); // 2^100 - 1
    fe25519_sqr_times(s, t, e9, 100);
    fe25519_mul(s, t, t, e9); // 2^200 - 1
    fe25519_sqr_times(s, t, t, 50);
    fe25519_mul(s, t, t, run); // 2^250 - 1
    fe25519_sqr_times(s, t, t, 5);
    fe25519_mul(s, t, t, e11); // 2^255 - 21
    fe25519_mul(s, s->x2, s->x2, t);
}

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    static const uint8_t nine[32] = {9};
    x25519_state s;
    __builtin_memset(&s, 0, sizeof s);
    fe25519_load(s.x1, point == NULL ? nine : point);
    __builtin_memcpy(s.x3, s.x1, sizeof s.x3);
    s.x2[0] = s.z3[0] = 1;
    x25519_ladder(&s, scalar, point == NULL);
    x25519_divide(&s);
    fe25519_store(out, s.x2);
    wg_wipe(&s, sizeof s);
}
