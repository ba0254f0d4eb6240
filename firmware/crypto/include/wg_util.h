// SPDX-License-Identifier: MIT
// Wiping and comparing secrets, and little-endian words. No alignment is ever assumed.
#ifndef WG_UTIL_H
#define WG_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Overwrites n bytes at p with zeros; the compiler may not remove it, also not for a dead object.
void wg_wipe(void *p, size_t n);

// Overwrites the stack below the caller's frame, bytes deep (a multiple of 16): there lies what the
// functions it called kept of secrets, in the places where compilers save registers. Says nothing
// of the caller's own frame.
void wg_wipe_stack(size_t bytes);

// True when the n bytes at a and b are equal. Time and addresses depend on n only.
bool wg_equal(const void *a, const void *b, size_t n);

// Says that the n bytes at p, though computed from secrets, are public from here on: the verdict on
// a tag. Does nothing, except in the builds that watch where secrets go (tests/native).
#ifndef WG_DECLASSIFY
#define WG_DECLASSIFY(p, n) ((void)0)
#endif

static inline uint32_t wg_load32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t wg_load64(const uint8_t *p) {
    return (uint64_t)wg_load32(p + 4) << 32 | wg_load32(p);
}

static inline void wg_store32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static inline void wg_store64(uint8_t *p, uint64_t v) {
    wg_store32(p, (uint32_t)v);
    wg_store32(p + 4, (uint32_t)(v >> 32));
}

// n words, a multiple of 4, from 4 n bytes at p; faster where p is aligned. p may be words, which
// costs nothing on little-endian machines.
void wg_load_words(uint32_t *words, const uint8_t *p, size_t n);

// n in 1..31.
static inline uint32_t wg_rotl32(uint32_t v, unsigned n) {
    return v << n | v >> (32 - n);
}

// a + b. Xtensa has no carry flag and its compilers make the carry with a branch, by the values:
// there it comes from the uppermost bits.
static inline uint64_t wg_add64(uint64_t a, uint32_t b) {
#ifdef __XTENSA__
    uint32_t low = (uint32_t)a, sum = low + b;
    uint32_t carry = ((low & b) | ((low | b) & ~sum)) >> 31;
    return (uint64_t)((uint32_t)(a >> 32) + carry) << 32 | sum;
#else
    return a + b;
#endif
}

// a * b. Where there is no long multiply instruction compilers call a library function for it, and
// libgcc's for Armv6-M branches on the operands; the Cortex-M3 (7M, not 7EM) has one whose time
// depends on them. There a function of ours makes it from 16-bit products. It is a call, because
// inlined it would cost such a machine all its registers.
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_8M_BASE__) ||       \
    defined(WG_SHORT_MULTIPLY)
#define WG_MUL32_CALLED
uint64_t wg_mul32(uint32_t a, uint32_t b);
#else
static inline uint64_t wg_mul32(uint32_t a, uint32_t b) {
    return (uint64_t)a * b;
}
#endif

#endif
