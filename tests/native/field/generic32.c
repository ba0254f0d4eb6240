// SPDX-License-Identifier: MIT
// field.h on the portable core: words of 26 and 25 bits.
#include "field.h"

#include FIELD_CORE

const unsigned field_words = FE_WORDS, field_shift = 0;
static x25519_state state;

unsigned field_at(unsigned i) {
    return (51 * i + 1) / 2;
}

uint32_t field_factor_max(unsigned i) {
    return (uint32_t)(3.01 * (double)(UINT32_C(1) << fe25519_bits(i)));
}

uint32_t field_summand_max(unsigned i) {
    return FE_MASK(fe25519_bits(i)) + (i == 1 ? UINT32_C(1) << 17 : 0);
}

void field_mul(uint32_t *r, const uint32_t *a, const uint32_t *b) {
    fe25519_mul(&state, r, a, b);
}

void field_sqr(uint32_t *r, const uint32_t *a) {
    fe25519_sqr(r, a);
}

void field_add_sub(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
    fe25519_add(sum, a, b);
    fe25519_sub(difference, a, b);
}

void field_a24(uint32_t *e, uint32_t *r, const uint32_t *a, const uint32_t *b) {
    fe25519_sub(e, a, b);
    fe25519_mul_word(r, e, X25519_A24);
    fe25519_add(r, r, a);
}

void field_nine(uint32_t *r, const uint32_t *a) {
    fe25519_mul_word(r, a, 9);
}
