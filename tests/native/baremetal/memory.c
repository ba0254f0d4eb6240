// SPDX-License-Identifier: MIT
// The block moves that compilers call, where there is no libc.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    uint8_t *p = to;
    const uint8_t *q = from;
    if ((((uintptr_t)p | (uintptr_t)q) & 3) == 0) {
        for (; n >= 4; n -= 4, p += 4, q += 4) {
            *(uint32_t *)p = *(const uint32_t *)q;
        }
    }
    while (n-- > 0) {
        *p++ = *q++;
    }
    return to;
}

void *memset(void *to, int value, size_t n) {
    uint8_t *p = to;
    uint32_t word = (uint8_t)value * 0x01010101u;
    if (((uintptr_t)p & 3) == 0) {
        for (; n >= 4; n -= 4, p += 4) {
            *(uint32_t *)p = word;
        }
    }
    while (n-- > 0) {
        *p++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const uint8_t *p = a, *q = b;
    for (; n > 0; n--, p++, q++) {
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
    }
    return 0;
}
