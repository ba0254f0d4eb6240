// SPDX-License-Identifier: MIT
// The carries of X25519's field arithmetic, which vectors and random numbers hardly ever reach:
// each operation of the linked core's on numbers at the edges, against arithmetic by bytes.
#include "field/field.h"
#include "harness.h"

#define BYTES 32
#define RUNS 2000

// A number as it comes, each entry of any size; 80 bytes hold any product.
typedef uint32_t wide[80];
// A factor and a summand of the core's, and results.
typedef uint32_t words[FIELD_WORDS_MAX];

// --- by bytes ---

static void wide_carry(wide n) {
    for (unsigned i = 0; i + 1 < sizeof(wide) / 4; i++) {
        n[i + 1] += n[i] >> 8;
        n[i] &= 255;
    }
}

// 2^256 = 38 and 2^255 = 19; then less p, if that much is left.
static void wide_reduce(wide n) {
    for (unsigned pass = 0; pass < 4; pass++) {
        wide_carry(n);
        for (unsigned i = BYTES; i < sizeof(wide) / 4; i++) {
            n[i - BYTES] += 38 * n[i];
            n[i] = 0;
        }
    }
    wide_carry(n);
    for (unsigned pass = 0; pass < 2; pass++) {
        n[0] += 19 * (n[BYTES - 1] >> 7);
        n[BYTES - 1] &= 127;
        wide_carry(n);
    }
    n[0] += 19;
    wide_carry(n);
    if (n[BYTES - 1] >> 7 == 0) {
        n[0] += 256 - 19; // back again, without a borrow from below zero
        for (unsigned i = 1; i < BYTES; i++) {
            n[i] += 255;
        }
        wide_carry(n);
        n[BYTES] = 0;
    }
    n[BYTES - 1] &= 127;
}

static void wide_of(wide n, const words a) {
    __builtin_memset(n, 0, sizeof(wide));
    for (unsigned i = 0; i < field_words; i++) {
        unsigned at = field_at(i);
        uint64_t word = (uint64_t)(a[i] >> field_shift) << at % 8;
        for (unsigned j = at / 8; word != 0; j++, word >>= 8) {
            n[j] += (uint32_t)(word & 255);
        }
    }
    wide_reduce(n);
}

static void wide_mul(wide r, const wide a, const wide b) {
    __builtin_memset(r, 0, sizeof(wide));
    for (unsigned i = 0; i < BYTES; i++) {
        for (unsigned j = 0; j < BYTES; j++) {
            r[i + j] += a[i] * b[j];
        }
    }
    wide_reduce(r);
}

// a + factor * b, factor below 2^17.
static void wide_sum(wide r, const wide a, uint32_t factor, const wide b) {
    __builtin_memset(r, 0, sizeof(wide));
    for (unsigned i = 0; i < BYTES; i++) {
        r[i] = a[i] + factor * b[i];
    }
    wide_reduce(r);
}

// a - b, as a + (p - 1) b.
static void wide_difference(wide r, const wide a, const wide b) {
    wide minus_one, product;
    __builtin_memset(minus_one, 0, sizeof(wide));
    minus_one[0] = 256 - 20;
    for (unsigned i = 1; i < BYTES; i++) {
        minus_one[i] = 255;
    }
    minus_one[BYTES - 1] = 127;
    wide_mul(product, minus_one, b);
    wide_sum(r, a, 1, product);
}

// --- numbers at the edges ---

// Lowest byte, the bytes between, highest byte.
static const uint8_t edges[][3] = {
    {0, 0, 0},          {1, 0, 0},          {9, 0, 0},          {0xec, 255, 127}, // 0 1 9 p-1
    {0xed, 255, 127},   {0xee, 255, 127},   {0xff, 255, 127},   {0, 0, 128}, // p p+1 2^255-1 2^255
    {19, 0, 128},       {0xd9, 255, 255},   {0xda, 255, 255},   {0xdb, 255, 255}, // 2p-1 2p 2p+1
    {0xff, 255, 255},   {0x80, 0x80, 0x80}, {0x7f, 0x7f, 0x7f}, {0xaa, 0xaa, 0xaa},
    {0x55, 0x55, 0x55}, {1, 0, 64},         {0xff, 255, 63},    {0, 255, 0},
};
#define EDGES (sizeof edges / sizeof edges[0])
// More, in words of the core's: all 0, all as large as they may be, one of them only, none but one.
#define PATTERNS (EDGES + 2 + 2 * FIELD_WORDS_MAX)

// The 256-bit number in the core's words; the uppermost has all that is left.
static void from_bytes(words w, const uint8_t *in) {
    __builtin_memset(w, 0, sizeof(words));
    for (unsigned i = 0; i < field_words; i++) {
        unsigned end = i + 1 < field_words ? field_at(i + 1) : 256;
        for (unsigned bit = field_at(i); bit < end; bit++) {
            w[i] |= (uint32_t)(in[bit / 8] >> bit % 8 & 1) << (bit - field_at(i) + field_shift);
        }
    }
}

typedef uint32_t limit(unsigned i);

// Words within the limit, of which the lowest bits are none.
static void clamp(words w, limit *max) {
    for (unsigned i = 0; i < field_words; i++) {
        uint32_t most = max(i) >> field_shift << field_shift;
        w[i] = w[i] > most ? most : w[i] >> field_shift << field_shift;
    }
}

static void pattern(words w, unsigned number, limit *max) {
    uint8_t bytes[BYTES];
    if (number < EDGES) {
        __builtin_memset(bytes, edges[number][1], BYTES);
        bytes[0] = edges[number][0];
        bytes[BYTES - 1] = edges[number][2];
        from_bytes(w, bytes);
    } else {
        unsigned at = (number - EDGES) / 2 % field_words;
        bool ones = (number & 1) != 0, single = number < EDGES + 2 * FIELD_WORDS_MAX;
        for (unsigned i = 0; i < field_words; i++) {
            w[i] = ones != (single && i == at) ? UINT32_MAX : 0;
        }
    }
    clamp(w, max);
}

// Each word zero, one, as large as may be or near it, a power of two, or random; sometimes only the
// lowest few bits, or all but those.
static uint32_t edgy_word(uint32_t most) {
    uint32_t kind = test_random() >> 29, r = test_random();
    switch (kind) {
    case 0:
        return 0;
    case 1:
        return most;
    case 2:
        return most - (r & 63);
    case 3:
        return UINT32_C(1) << (r & 31);
    case 4:
        return (UINT32_C(1) << (r & 31)) - 1;
    case 5:
        return r & 63;
    default:
        return most == UINT32_MAX ? r : r % (most + 1);
    }
}

static void edgy(words w, limit *max) {
    uint32_t kind = test_random() >> 28;
    for (unsigned i = 0; i < field_words; i++) {
        bool by_word = kind < 8 || (kind < 12 && i == 0);
        w[i] = by_word ? edgy_word(max(i)) : kind >= 12 ? test_random() : kind & 1 ? max(i) : 0;
    }
    clamp(w, max);
}

// --- the operations ---

static void expect(const wide want, const words got, limit *max, const char *wrong) {
    wide n;
    bool within = true;
    wide_of(n, got);
    for (unsigned i = 0; i < field_words; i++) {
        within = within && got[i] <= max(i);
    }
    test_check(test_same(n, want, sizeof(wide)), wrong);
    test_check(within, "a word is too large");
}

static void check_factors(const words a, const words b) {
    wide x, y, want;
    words r;
    wide_of(x, a);
    wide_of(y, b);
    wide_mul(want, x, y);
    field_mul(r, a, b);
    expect(want, r, field_summand_max, "product");
    wide_mul(want, x, x);
    field_sqr(r, a);
    expect(want, r, field_summand_max, "square");
}

static void check_summands(const words a, const words b) {
    static const wide zero;
    wide x, y, want, e;
    words r, s;
    wide_of(x, a);
    wide_of(y, b);
    field_add_sub(r, s, a, b);
    wide_sum(want, x, 1, y);
    expect(want, r, field_factor_max, "sum");
    wide_difference(e, x, y);
    expect(e, s, field_factor_max, "difference");
    field_a24(r, s, a, b);
    expect(e, r, field_factor_max, "difference before a24");
    wide_sum(want, x, 121665, e);
    expect(want, s, field_factor_max, "a24");
    field_nine(r, a);
    wide_sum(want, zero, 9, x);
    expect(want, r, field_summand_max, "nine");
}

static void check_patterns(void) {
    words a, b;
    for (unsigned i = 0; i < PATTERNS; i++) {
        test_begin("field/pattern", (long)i);
        for (unsigned j = 0; j < PATTERNS; j++) {
            pattern(a, i, field_factor_max);
            pattern(b, j, field_factor_max);
            check_factors(a, b);
            pattern(a, i, field_summand_max);
            pattern(b, j, field_summand_max);
            check_summands(a, b);
        }
        test_end();
    }
}

void suite_field(void) {
    words a, b;
    check_patterns();
    test_begin("field/random", RUNS);
    for (unsigned i = 0; i < RUNS; i++) {
        edgy(a, field_factor_max);
        edgy(b, field_factor_max);
        check_factors(a, b);
        edgy(a, field_summand_max);
        edgy(b, field_summand_max);
        check_summands(a, b);
    }
    test_end();
}
