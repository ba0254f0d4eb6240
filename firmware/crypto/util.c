// SPDX-License-Identifier: MIT
#include "wg_util.h"

void wg_wipe(void *p, size_t n) {
    __builtin_memset(p, 0, n);
    // The empty statement "reads" the memory, so the stores above are never dead.
    __asm__ volatile("" : : "r"(p) : "memory");
}

bool wg_equal(const void *a, const void *b, size_t n) {
    const uint8_t *x = a, *y = b;
    uint32_t diff = 0;
    for (size_t i = 0; i < n; i++) {
        diff |= (uint32_t)(x[i] ^ y[i]);
        // Hides the value from the optimiser, which could otherwise leave the loop early.
        __asm__ volatile("" : "+r"(diff));
    }
    return ((diff - 1) >> 31) != 0;
}
