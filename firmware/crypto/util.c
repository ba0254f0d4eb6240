// SPDX-License-Identifier: MIT
#include "wg_util.h"

typedef uint32_t __attribute__((may_alias)) any_word;

static inline void wipe_four(volatile any_word *p) {
    p[0] = p[1] = p[2] = p[3] = 0; // volatile: never dead
}

void wg_wipe(void *p, size_t n) {
    volatile any_word *word = p;
    if (((uintptr_t)p & 3) == 0) {
        for (; n >= 64; n -= 64, word += 16) {
            wipe_four(word);
            wipe_four(word + 4);
            wipe_four(word + 8);
            wipe_four(word + 12);
        }
        for (; n >= 16; n -= 16, word += 4) {
            wipe_four(word);
        }
        for (; n >= 4; n -= 4) {
            *word++ = 0;
        }
    }
    for (volatile uint8_t *byte = (volatile uint8_t *)word; n != 0; n--) {
        *byte++ = 0;
    }
}

// Not inlined, so that its frame begins where theirs did. It keeps two registers there, none of
// them a scratch one with something of theirs in it: so it leaves the stores to wg_wipe.
__attribute__((noinline)) void wg_wipe_stack(size_t bytes) {
    wg_wipe(__builtin_alloca(bytes), bytes);
#ifdef __XTENSA_WINDOWED_ABI__
    // Of this frame's own 32 bytes the upper half is the ABI's, of the lower one nothing is in use.
    wipe_four(__builtin_frame_address(0));
#endif
}

// Hides the value from the optimiser, which could otherwise leave the loop early.
static inline uint32_t equal_gather(uint32_t diff, uint32_t more) {
    diff |= more;
    __asm__ volatile("" : "+r"(diff));
    return diff;
}

bool wg_equal(const void *a, const void *b, size_t n) {
    const uint8_t *x = a, *y = b;
    uint32_t diff = 0;
    if ((((uintptr_t)a | (uintptr_t)b) & 3) == 0) {
        for (; n >= 4; n -= 4, x += 4, y += 4) {
            diff = equal_gather(diff, *(const any_word *)x ^ *(const any_word *)y);
        }
    }
    for (; n != 0; n--) {
        diff = equal_gather(diff, (uint32_t)(*x++ ^ *y++));
    }
    return ((diff | (0u - diff)) >> 31) == 0;
}

static inline void load_four(uint32_t *words, const uint8_t *p) {
    words[0] = wg_load32(p);
    words[1] = wg_load32(p + 4);
    words[2] = wg_load32(p + 8);
    words[3] = wg_load32(p + 12);
}

void wg_load_words(uint32_t *words, const uint8_t *p, size_t n) {
    const uint32_t one = 1;
    bool aligned = ((uintptr_t)p & 3) == 0, little_endian = *(const uint8_t *)&one == 1;
    if (little_endian && p == (const uint8_t *)words) {
        return;
    }
    for (; n != 0; n -= 4, words += 4, p += 16) {
        if (aligned) {
            load_four(words, __builtin_assume_aligned(p, 4));
        } else {
            load_four(words, p);
        }
    }
}

#ifdef WG_MUL32_CALLED
__attribute__((noinline)) uint64_t wg_mul32(uint32_t a, uint32_t b) {
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t low = a0 * b0, mid0 = a1 * b0 + (low >> 16), mid1 = a0 * b1 + (mid0 & 0xffff);
    uint32_t high = a1 * b1 + (mid0 >> 16) + (mid1 >> 16);
    return (uint64_t)high << 32 | (mid1 << 16 | (low & 0xffff));
}
#endif
