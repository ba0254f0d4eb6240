// SPDX-License-Identifier: MIT
#include "wg_poly1305.h"

#include "wg_core.h"
#include "wg_util.h"

void wg_poly1305_init(wg_poly1305_state *st, const uint8_t key[32]) {
    wg_load_words((uint32_t *)((uint8_t *)st + offsetof(wg_poly1305_state, r)), key, 8); // and s
    // Clamping (section 2.5): every word below 2^28, all but the first multiples of 4.
    st->r[0] &= 0x0fffffffu;
    for (unsigned i = 1; i < 4; i++) {
        st->r[i] &= 0x0ffffffcu;
    }
    st->h[0] = st->h[1] = st->h[2] = st->h[3] = st->h[4] = 0;
}

// The bytes after the last whole block, ended by `mark` (1 in the RFC's padding, else 0).
static void poly1305_last(wg_poly1305_state *st, const uint8_t *in, size_t len, uint8_t mark) {
    uint8_t block[WG_POLY1305_BLOCK_BYTES] = {0};
    __builtin_memcpy(block, in, len);
    block[len] = mark;
    wg_poly1305_run(st, block, 1, mark ^ 1u);
    wg_wipe(block, sizeof block);
}

static void poly1305_all(wg_poly1305_state *st, const uint8_t *in, size_t len, uint8_t mark) {
    size_t rest = len % WG_POLY1305_BLOCK_BYTES;
    wg_poly1305_run(st, in, len / WG_POLY1305_BLOCK_BYTES, 1);
    if (rest != 0) {
        poly1305_last(st, in + (len - rest), rest, mark);
    }
}

void wg_poly1305_absorb(wg_poly1305_state *st, const uint8_t *in, size_t len) {
    poly1305_all(st, in, len, 1);
}

void wg_poly1305_absorb_padded(wg_poly1305_state *st, const uint8_t *in, size_t len) {
    poly1305_all(st, in, len, 0);
}

// word = a + more, for more below 2^31; the carry.
static inline uint32_t poly1305_add(uint32_t *word, uint32_t a, uint32_t more) {
    *word = a + more;
    return (a & ~*word) >> 31;
}

static inline uint32_t poly1305_word(const wg_poly1305_state *st, uint8_t tag[16], unsigned i,
                                     uint32_t carry) {
    uint32_t word;
    uint64_t acc;
    carry = poly1305_add(&word, st->h[i], carry);
    acc = wg_add64(word, st->s[i]);
    wg_store32(tag + 4 * i, (uint32_t)acc);
    return carry + (uint32_t)(acc >> 32);
}

void wg_poly1305_tag(const wg_poly1305_state *st, uint8_t tag[16]) {
    uint32_t word, carry = poly1305_add(&word, st->h[0], 5);
    // h + 5 reaches 2^130 exactly when h is not reduced; as h < 2 p, subtracting p once is enough,
    // and modulo 2^128 that is to add 5.
    carry = poly1305_add(&word, st->h[1], carry);
    carry = poly1305_add(&word, st->h[2], carry);
    carry = poly1305_add(&word, st->h[3], carry);
    carry = 5 * ((st->h[4] + carry) >> 2);
    carry = poly1305_word(st, tag, 0, carry);
    carry = poly1305_word(st, tag, 1, carry);
    carry = poly1305_word(st, tag, 2, carry);
    poly1305_word(st, tag, 3, carry);
}

void wg_poly1305_final(wg_poly1305_state *st, uint8_t tag[16]) {
    wg_poly1305_tag(st, tag);
    wg_wipe(st, sizeof *st);
}
