/* SPDX-License-Identifier: MIT
 *
 * What gcc calls. Debian's libgcc is for another core, and of one calling convention.
 */
#include <stdint.h>

uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __ashldi3(uint64_t a, int n);
uint64_t __lshrdi3(uint64_t a, int n);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int __popcountsi2(unsigned a);

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t low = a0 * b0, mid0 = a1 * b0 + (low >> 16), mid1 = a0 * b1 + (mid0 & 0xffff);
    uint32_t high = a1 * b1 + (mid0 >> 16) + (mid1 >> 16);
    return (uint64_t)high << 32 | (mid1 << 16 | (low & 0xffff));
}

uint64_t __muldi3(uint64_t a, uint64_t b) {
    uint32_t a0 = (uint32_t)a, b0 = (uint32_t)b;
    uint32_t high = (uint32_t)(a >> 32) * b0 + a0 * (uint32_t)(b >> 32);
    return __umulsidi3(a0, b0) + ((uint64_t)high << 32);
}

uint64_t __ashldi3(uint64_t a, int n) {
    uint32_t low = (uint32_t)a, high = (uint32_t)(a >> 32);
    if (n == 0) {
        return a;
    }
    if (n >= 32) {
        return (uint64_t)(low << (n - 32)) << 32;
    }
    return (uint64_t)(high << n | low >> (32 - n)) << 32 | low << n;
}

uint64_t __lshrdi3(uint64_t a, int n) {
    uint32_t low = (uint32_t)a, high = (uint32_t)(a >> 32);
    if (n == 0) {
        return a;
    }
    if (n >= 32) {
        return high >> (n - 32);
    }
    return (uint64_t)(high >> n) << 32 | (high << (32 - n) | low >> n);
}

static uint64_t divide(uint64_t a, uint64_t b, uint64_t *rest) {
    uint64_t quotient = 0, r = 0;
    for (int i = 63; i >= 0; i--) {
        r = r << 1 | (a >> i & 1);
        if (r >= b) {
            r -= b;
            quotient |= (uint64_t)1 << i;
        }
    }
    *rest = r;
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    return divide(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    divide(a, b, &rest);
    return rest;
}

int __popcountsi2(unsigned a) {
    int bits = 0;
    for (; a != 0; a &= a - 1) {
        bits++;
    }
    return bits;
}

#ifndef __XTENSA_WINDOWED_ABI__ /* the other core divides by itself */
unsigned __udivsi3(unsigned a, unsigned b);
unsigned __umodsi3(unsigned a, unsigned b);
int __divsi3(int a, int b);
int __modsi3(int a, int b);

static unsigned divide_word(unsigned a, unsigned b, unsigned *rest) {
    unsigned quotient = 0, r = 0;
    for (int i = 31; i >= 0; i--) {
        r = r << 1 | (a >> i & 1);
        if (r >= b) {
            r -= b;
            quotient |= 1u << i;
        }
    }
    *rest = r;
    return quotient;
}

unsigned __udivsi3(unsigned a, unsigned b) {
    unsigned rest;
    return divide_word(a, b, &rest);
}

unsigned __umodsi3(unsigned a, unsigned b) {
    unsigned rest;
    divide_word(a, b, &rest);
    return rest;
}

static unsigned size_of(int a) {
    return a < 0 ? 0u - (unsigned)a : (unsigned)a;
}

int __divsi3(int a, int b) {
    unsigned quotient = __udivsi3(size_of(a), size_of(b));
    return (int)((a < 0) != (b < 0) ? 0u - quotient : quotient);
}

int __modsi3(int a, int b) {
    unsigned rest = __umodsi3(size_of(a), size_of(b));
    return (int)(a < 0 ? 0u - rest : rest);
}
#endif
