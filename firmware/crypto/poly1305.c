// SPDX-License-Identifier: MIT
#include "wg_poly1305.h"

#include "wg_core.h"
#include "wg_util.h"

void wg_poly1305_init(wg_poly1305_state *st, const uint8_t key[32]) {
    __builtin_memset(st->h, 0, sizeof st->h);
    for (unsigned i = 0; i < 4; i++) {
        // Clamping (section 2.5): every word below 2^28, all but the first multiples of 4.
        st->r[i] = wg_load32(key + 4 * i) & (i == 0 ? 0x0fffffffu : 0x0ffffffcu);
        st->s[i] = wg_load32(key + 16 + 4 * i);
    }
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

void wg_poly1305_final(wg_poly1305_state *st, uint8_t tag[16]) {
    uint32_t g[5], mask;
    uint64_t acc = 5;
    // g = h + 5 - 2^130, the reduced h exactly when h + 5 reaches 2^130. As h < 2 p, once is
    // enough.
    for (unsigned i = 0; i < 5; i++) {
        acc += st->h[i];
        g[i] = (uint32_t)acc;
        acc >>= 32;
    }
    mask = 0u - (g[4] >> 2);
    acc = 0;
    for (unsigned i = 0; i < 4; i++) {
        acc += (uint64_t)((st->h[i] & ~mask) | (g[i] & mask)) + st->s[i];
        wg_store32(tag + 4 * i, (uint32_t)acc);
        acc >>= 32;
    }
    wg_wipe(g, sizeof g);
    wg_wipe(st, sizeof *st);
}
