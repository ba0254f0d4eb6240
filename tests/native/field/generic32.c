// SPDX-License-Identifier: MIT
// field.h on the portable core: words of 26 and 25 bits.
#include "field.h"

#include FIELD_CORE

const unsigned field_words = FE_WORDS, field_shift = 0;

unsigned field_at(unsigned i) {
    return (51 * i + 1) / 2;
}

uint32_t field_factor_max(unsigned i) {
    return (uint32_t)(3.01 * (double)(UINT32_C(1) << fe25519_bits(i)));
}

uint32_t field_summand_max(unsigned i) {
    return FE_MASK(fe25519_bits(i)) + (i == 1 ? UINT32_C(1) << 17 : 0);
}

#include "c.h"
