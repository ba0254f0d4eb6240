// SPDX-License-Identifier: MIT
// field.h on the core for Xtensa: words of 26 bits, times 8.
#include "field.h"

#include FIELD_CORE

const unsigned field_words = FE_WORDS, field_shift = FE_SCALE;

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

#include "c.h"
