// SPDX-License-Identifier: MIT
// field.h on the core for Xtensa: words of 26 bits, times 8.
#include "field.h"

#include FIELD_CORE

const unsigned field_words = FE_WORDS, field_shift = FE_SCALE;
static x25519_state state;

unsigned field_at(unsigned i) {
    return FE_BITS * i;
}

uint32_t field_factor_max(unsigned i) {
    return 2 * field_summand_max(i);
}

uint32_t field_summand_max(unsigned i) {
    (void)i;
    return (FE_MASK + (UINT32_C(1) << 11)) << FE_SCALE;
}

void field_mul(uint32_t *r, const uint32_t *a, const uint32_t *b) {
    fe25519_mul(&state, r, a, b);
}

void field_sqr(uint32_t *r, const uint32_t *a) {
    fe25519_sqr(&state, r, a);
}

void field_add_sub(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
    fe25519_add(sum, a, b);
    fe25519_sub(difference, a, b);
}

void field_a24(uint32_t *e, uint32_t *r, const uint32_t *a, const uint32_t *b) {
    fe25519_sub(e, a, b);
    fe25519_mul_word(&state, r, e, X25519_A24);
    fe25519_add(r, r, a);
}

void field_nine(uint32_t *r, const uint32_t *a) {
    fe25519_mul_word(&state, r, a, 9);
}
