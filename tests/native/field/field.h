// SPDX-License-Identifier: MIT
// A core's field arithmetic modulo p = 2^255 - 19, as functions that test_field.c can call. Each
// field/<core> includes that core's source, FIELD_CORE, for what it keeps to itself.
#ifndef WG_TEST_FIELD_H
#define WG_TEST_FIELD_H

#include <stdint.h>

#define FIELD_WORDS_MAX 10

// How the core writes a number: the sum of words[i] * 2^(at(i) - shift), what is below 2^0 zero. A
// factor's words are at most factor_max(i); those of a summand, and of all products, at most
// summand_max(i).
extern const unsigned field_words, field_shift;
unsigned field_at(unsigned i);
uint32_t field_factor_max(unsigned i);
uint32_t field_summand_max(unsigned i);

// r = a * b, r = a * a for factors.
void field_mul(uint32_t *r, const uint32_t *a, const uint32_t *b);
void field_sqr(uint32_t *r, const uint32_t *a);
// For summands; the results are factors.
void field_add_sub(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b);
// e = a - b and r = a + 121665 e for summands; the results are factors.
void field_a24(uint32_t *e, uint32_t *r, const uint32_t *a, const uint32_t *b);
// r = 9 a for a summand.
void field_nine(uint32_t *r, const uint32_t *a);

#endif
