// SPDX-License-Identifier: MIT
#include "wg_util.h"

void wg_wipe(void *p, size_t n) {
    __builtin_memset(p, 0, n);
    // The empty statement "reads" the memory, so the stores above are never dead.
    __asm__ volatile("" : : "r"(p) : "memory");
}

// Not inlined, so that its frame begins where theirs did.
__attribute__((noinline)) void wg_wipe_stack(size_t bytes) {
    volatile uint32_t *p = __builtin_alloca(bytes);
    for (size_t i = 0; i < bytes / 4; i += 4) {
        p[i] = 0;
        p[i + 1] = 0;
        p[i + 2] = 0;
        p[i + 3] = 0;
    }
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

#ifdef WG_MUL32_CALLED
__attribute__((noinline)) uint64_t wg_mul32(uint32_t a, uint32_t b) {
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t low = a0 * b0, mid0 = a1 * b0 + (low >> 16), mid1 = a0 * b1 + (mid0 & 0xffff);
    uint32_t high = a1 * b1 + (mid0 >> 16) + (mid1 >> 16);
    return (uint64_t)high << 32 | (mid1 << 16 | (low & 0xffff));
}
#endif
