// SPDX-License-Identifier: MIT
// The numbers of the assembly cores: eight full words, and what products are reduced to is below
// 2^255 + 39 * 2^224.
#include "field.h"

const unsigned field_words = 8, field_shift = 0;

unsigned field_at(unsigned i) {
    return 32 * i;
}

uint32_t field_factor_max(unsigned i) {
    (void)i;
    return UINT32_MAX;
}

uint32_t field_summand_max(unsigned i) {
    return i == 7 ? (UINT32_C(1) << 31) + 38 : UINT32_MAX;
}
