// SPDX-License-Identifier: MIT
#include "wg_poly1305.h"

#include "wg_core.h"
#include "wg_util.h"

void wg_poly1305_init(wg_poly1305_state *st, const uint8_t key[32]) {
    wg_load_words((uint32_t *)((uint8_t *)st + offsetof(wg_poly1305_state, r)), key, 8); // and s
    // Clamping (section 2.5): every word below 2^28, all but the first multiples of 4.
    st->r[0] &= 0x0fffffffu;
    st->r[1] &= 0x0ffffffcu;
    st->r[2] &= 0x0ffffffcu;
    st->r[3] &= 0x0ffffffcu;
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

// *sum = a + more, for more below 2^31; the carry.
static inline uint32_t poly1305_add(uint32_t *sum, uint32_t a, uint32_t more) {
    *sum = a + more;
    return (a & ~*sum) >> 31;
}

// *sum = h + s + carry; the carry. From the uppermost bits: some compilers make it with a branch.
static inline uint32_t poly1305_add_s(uint32_t *sum, uint32_t h, uint32_t s, uint32_t carry) {
    uint32_t word;
    carry = poly1305_add(&word, h, carry);
    *sum = word + s;
    return carry + (((word & s) | ((word | s) & ~*sum)) >> 31);
}

void wg_poly1305_tag(const wg_poly1305_state *st, uint8_t tag[16]) {
    const uint32_t h0 = st->h[0], h1 = st->h[1], h2 = st->h[2], h3 = st->h[3];
    uint32_t t0, t1, t2, t3, carry;
    // h + 5 reaches 2^130 exactly when h is not reduced; as h < 2 p, subtracting p once is enough,
    // and modulo 2^128 that is to add 5.
    carry = poly1305_add(&t0, h0, 5);
    carry = poly1305_add(&t1, h1, carry);
    carry = poly1305_add(&t2, h2, carry);
    carry = poly1305_add(&t3, h3, carry);
    carry = 5 * ((st->h[4] + carry) >> 2);
    carry = poly1305_add_s(&t0, h0, st->s[0], carry);
    carry = poly1305_add_s(&t1, h1, st->s[1], carry);
    carry = poly1305_add_s(&t2, h2, st->s[2], carry);
    t3 = h3 + st->s[3] + carry;
    wg_store32(tag, t0);
    wg_store32(tag + 4, t1);
    wg_store32(tag + 8, t2);
    wg_store32(tag + 12, t3);
}

void wg_poly1305_final(wg_poly1305_state *st, uint8_t tag[16]) {
    wg_poly1305_tag(st, tag);
    wg_wipe(st, sizeof *st);
}
