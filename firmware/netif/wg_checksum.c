/* SPDX-License-Identifier: MIT */
#include "wg_checksum.h"

#include <stdbool.h>
#include <stddef.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sums words as they lie in memory");

#define BLOCK_BYTES 32

static uint32_t load_word(const uint8_t *p) {
    uint32_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(p, 4), sizeof word);
    return word;
}

#ifdef __thumb__
/* What C cannot say: add with the carry of the addition before (RFC 1071 §2 (C)). */
static uint64_t sum_blocks(uint64_t sum, const uint8_t *p, size_t blocks) {
    uint32_t low = (uint32_t)sum; /* not more than 24 bits yet */
    for (; blocks != 0; blocks--) {
        __asm__(".syntax unified\n\t"
                "ldmia %0!, {r3, r4, r5, r6}\n\t"
                "adds %1, %1, r3\n\t"
                "adcs %1, %1, r4\n\t"
                "adcs %1, %1, r5\n\t"
                "adcs %1, %1, r6\n\t"
                "ldmia %0!, {r3, r4, r5, r6}\n\t"
                "adcs %1, %1, r3\n\t"
                "adcs %1, %1, r4\n\t"
                "adcs %1, %1, r5\n\t"
                "adcs %1, %1, r6\n\t"
                "adcs %1, %1, %2"
                : "+l"(p), "+l"(low)
                : "l"(0)
                : "r3", "r4", "r5", "r6", "cc", "memory");
    }
    return low;
}
#else
/* Carries gather above bit 31, where 2^32 words have room. */
static uint64_t sum_blocks(uint64_t sum, const uint8_t *p, size_t blocks) {
    for (; blocks != 0; blocks--) {
        for (unsigned i = 0; i < BLOCK_BYTES; i += 4) {
            sum += load_word(p + i);
        }
        p += BLOCK_BYTES;
    }
    return sum;
}
#endif

/* p is aligned. */
static uint64_t sum_words(uint64_t sum, const uint8_t *p, size_t words) {
    size_t blocks = words / (BLOCK_BYTES / 4);
    sum = sum_blocks(sum, p, blocks);
    p += blocks * BLOCK_BYTES;
    for (words %= BLOCK_BYTES / 4; words != 0; words--, p += 4) {
        sum += load_word(p);
    }
    return sum;
}

static uint16_t fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)(sum + (sum >> 16));
}

uint16_t wg_lwip_checksum(const void *data, int len) {
    const uint8_t *p = data;
    size_t left = len > 0 ? (size_t)len : 0;
    bool odd = ((uintptr_t)p & 1) != 0 && left != 0;
    uint64_t sum = 0;
    if (odd) { /* RFC 1071 §2 (B): sum as if one byte further, and swap at the end */
        sum = (uint32_t)*p++ << 8;
        left--;
    }
    if (((uintptr_t)p & 2) != 0 && left >= 2) {
        sum += (uint32_t)(p[0] | p[1] << 8);
        p += 2;
        left -= 2;
    }
    sum = sum_words(sum, p, left / 4);
    p += left & ~(size_t)3;
    if ((left & 2) != 0) {
        sum += (uint32_t)(p[0] | p[1] << 8);
        p += 2;
    }
    if ((left & 1) != 0) {
        sum += *p;
    }
    uint16_t folded = fold(sum);
    return odd ? (uint16_t)(folded << 8 | folded >> 8) : folded;
}
