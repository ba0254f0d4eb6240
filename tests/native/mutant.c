// SPDX-License-Identifier: MIT
// Cores that are wrong on purpose, in place of the linked ones: built once with -DMUTANT_… for
// each. The plain kind is wrong always, and the self-test must say so; the subtle kind is wrong
// where only thorough tests look, and main_mutant.c's suites must say so.
#include "reference.h"

void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                     uint32_t inc, uint32_t f0) {
#ifdef MUTANT_BLAKE2S_SUBTLE
    uint32_t high = t[1];
#endif
    reference_blake2s_core(h, blocks, nblocks, t, inc, f0);
#ifdef MUTANT_BLAKE2S
    h[5] ^= 0x00010000u;
#endif
#ifdef MUTANT_BLAKE2S_SUBTLE
    t[1] = high; // no carry into the high word: wrong after 4 GiB only
#endif
}

void wg_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks) {
    reference_chacha20_core(state, dst, src, nblocks);
#ifdef MUTANT_CHACHA20
    if (nblocks != 0) {
        dst[nblocks * 64 - 3] ^= 1;
    }
#endif
#ifdef MUTANT_CHACHA20_SUBTLE
    state[13] += state[12] == 0; // carries into the nonce
#endif
}

void wg_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                      uint32_t hibit) {
#ifdef MUTANT_POLY1305
    hibit = 1 - hibit;
#endif
#ifdef MUTANT_POLY1305_SUBTLE
    // Loses the carry into h[4] that all ones below it bring: once in 2^96 blocks by chance.
    if (st->h[1] == 0xffffffffu && st->h[2] == 0xffffffffu && st->h[3] == 0xffffffffu) {
        st->h[1]--;
    }
#endif
    reference_poly1305_core(st, blocks, nblocks, hibit);
}

void wg_chacha20poly1305_core(wg_aead_state *st, uint8_t *dst, const uint8_t *src, size_t nblocks) {
    reference_chacha20poly1305_core(st, dst, src, nblocks);
#ifdef MUTANT_AEAD
    st->poly.h[0] += nblocks != 0;
#endif
#ifdef MUTANT_AEAD_SUBTLE
    if (nblocks == 4 && ((uintptr_t)dst & 3) == 2) {
        dst[255] ^= 0x80; // one alignment and one length
    }
#endif
}

void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    reference_x25519_core(out, scalar, point);
#ifdef MUTANT_X25519
    out[0] ^= 1;
#endif
#ifdef MUTANT_X25519_SUBTLE
    // Gives p itself, not reduced, for zero: a value that only points of small order lead to.
    uint8_t any = 0;
    for (unsigned i = 0; i < 32; i++) {
        any |= out[i];
    }
    if (any == 0) {
        __builtin_memset(out, 0xff, 32);
        out[0] = 0xed;
        out[31] = 0x7f;
    }
#endif
}
