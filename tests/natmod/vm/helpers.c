/* SPDX-License-Identifier: MIT
 *
 * What gcc calls. Debian's libgcc is for another core, and of one calling convention. The rest is
 * in tests/native/baremetal/xtensa.c.
 */
#include <stdint.h>

uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int __popcountsi2(unsigned a);

/* The upper `bits` of a. */
static uint64_t divide(uint64_t a, uint64_t b, int bits, uint64_t *rest) {
    uint64_t r = 0;
    for (; bits != 0; bits--) {
        r = r << 1 | a >> 63;
        a <<= 1;
        if (r >= b) {
            r -= b;
            a |= 1;
        }
    }
    *rest = r;
    return a;
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    return divide(a, b, 64, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    divide(a, b, 64, &rest);
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

unsigned __udivsi3(unsigned a, unsigned b) {
    uint64_t rest;
    return (unsigned)divide((uint64_t)a << 32, b, 32, &rest);
}

unsigned __umodsi3(unsigned a, unsigned b) {
    uint64_t rest;
    divide((uint64_t)a << 32, b, 32, &rest);
    return (unsigned)rest;
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
