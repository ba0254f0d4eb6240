// SPDX-License-Identifier: MIT
// ChaCha20 for Xtensa. A rotation is SSAI (the amount, into SAR) and SRC (the funnel shift): a
// column or diagonal round does the same step of its four quarter rounds in a row, so that one SSAI
// serves four rotations. The 16 words and the amount are more than the 14 free registers of a
// window: the compiler keeps the rest on the stack.
#include <stdbool.h>

#include "wg_chacha20.h"
#include "wg_util.h"

// What the functions below the core use at most.
#define CHACHA20_STACK_BYTES 256

// Sets SAR for rotations to the left by n.
#define SAR_LEFT(n) __asm__ volatile("ssai %0" : : "i"(32 - (n)))
#define ROTATE(v) __asm__ volatile("src %0, %0, %0" : "+r"(v))

#define STEP(a, b, d)                                                                              \
    a += b;                                                                                        \
    d ^= a;                                                                                        \
    ROTATE(d)

#define HALF(n, a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3)                                    \
    do {                                                                                           \
        SAR_LEFT(n);                                                                               \
        STEP(a0, b0, d0);                                                                          \
        STEP(a1, b1, d1);                                                                          \
        STEP(a2, b2, d2);                                                                          \
        STEP(a3, b3, d3);                                                                          \
    } while (0)

#define ROUND(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3)                      \
    do {                                                                                           \
        HALF(16, a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3);                                  \
        HALF(12, c0, c1, c2, c3, d0, d1, d2, d3, b0, b1, b2, b3);                                  \
        HALF(8, a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3);                                   \
        HALF(7, c0, c1, c2, c3, d0, d1, d2, d3, b0, b1, b2, b3);                                   \
    } while (0)

#define DOUBLE_ROUND                                                                               \
    do {                                                                                           \
        ROUND(x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15);               \
        ROUND(x0, x1, x2, x3, x5, x6, x7, x4, x10, x11, x8, x9, x15, x12, x13, x14);               \
    } while (0)

#define EACH(do_)                                                                                  \
    do_(0) do_(1) do_(2) do_(3) do_(4) do_(5) do_(6) do_(7) do_(8) do_(9) do_(10) do_(11) do_(12)  \
        do_(13) do_(14) do_(15)

#define LOAD(i) uint32_t x##i = state[i];
#define STORE(i) to[i] = (x##i + state[i]) ^ from[i];

// to = from xor a block of the keystream.
static __attribute__((noinline)) void chacha20_block(const uint32_t state[16], uint32_t to[16],
                                                     const uint32_t from[16]) {
    EACH(LOAD)
    for (unsigned i = 0; i < 10; i++) {
        DOUBLE_ROUND;
    }
    EACH(STORE)
}

static void chacha20_unaligned(const uint32_t state[16], uint8_t *dst, const uint8_t *src) {
    uint32_t words[16];
    wg_load_words(words, src, 16);
    chacha20_block(state, words, words);
    __builtin_memcpy(dst, words, sizeof words);
    wg_wipe(words, sizeof words);
}

void wg_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks) {
    // Public: where the message lies.
    bool aligned = (((uintptr_t)dst | (uintptr_t)src) & 3) == 0;
    for (; nblocks != 0; nblocks--) {
        if (aligned) {
            chacha20_block(state, (uint32_t *)(void *)dst, (const uint32_t *)(const void *)src);
        } else {
            chacha20_unaligned(state, dst, src);
        }
        state[WG_CHACHA20_COUNTER_WORD]++;
        dst += WG_CHACHA20_BLOCK_BYTES;
        src += WG_CHACHA20_BLOCK_BYTES;
    }
    wg_wipe_stack(CHACHA20_STACK_BYTES);
}
