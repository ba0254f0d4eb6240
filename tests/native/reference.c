// SPDX-License-Identifier: MIT
#define WG_UNEVEN_TIME_ACCEPTED // nobody times the answers here
#include "reference.h"

#define wg_blake2s_core reference_blake2s_core
#define wg_chacha20_core reference_chacha20_core
#define wg_poly1305_core reference_poly1305_core // below: called by the AEAD's
#define wg_chacha20poly1305_core reference_chacha20poly1305_core
#define wg_x25519_core reference_x25519_core

#include "../../firmware/crypto/cores/blake2s/generic32.c"
#include "../../firmware/crypto/cores/chacha20/generic32.c"
#include "../../firmware/crypto/cores/chacha20poly1305/generic32.c"
#include "../../firmware/crypto/cores/x25519/generic32.c"

// Poly1305 by bytes, in no way like the product's: its rare carries would not show in a comparison
// with itself, and no vector reaches them. 2^136 = 64 * 2^130 = 320 modulo 2^130 - 5.
static void reference_carry(uint32_t h[17]) {
    for (unsigned pass = 0; pass < 3; pass++) {
        for (unsigned i = 0; i < 16; i++) {
            h[i + 1] += h[i] >> 8;
            h[i] &= 255;
        }
        h[0] += (h[16] >> 2) * 5;
        h[16] &= 3;
    }
}

static void reference_multiply(uint32_t h[17], const uint32_t r[16]) {
    uint32_t product[33] = {0};
    for (unsigned i = 0; i < 17; i++) {
        for (unsigned j = 0; j < 16; j++) {
            product[i + j] += h[i] * r[j];
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        h[i] = product[i] + 320 * product[i + 17];
    }
    h[16] = product[16];
    reference_carry(h);
}

void reference_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                             uint32_t hibit) {
    uint32_t h[17], r[16];
    for (unsigned i = 0; i < 16; i++) {
        h[i] = st->h[i / 4] >> 8 * (i % 4) & 255;
        r[i] = st->r[i / 4] >> 8 * (i % 4) & 255;
    }
    h[16] = st->h[4];
    for (; nblocks != 0; nblocks--, blocks += 16) {
        for (unsigned i = 0; i < 16; i++) {
            h[i] += blocks[i];
        }
        h[16] += hibit;
        reference_multiply(h, r);
    }
    __builtin_memset(st->h, 0, sizeof st->h);
    for (unsigned i = 0; i < 17; i++) {
        st->h[i / 4] += h[i] << 8 * (i % 4);
    }
}
