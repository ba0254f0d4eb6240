// SPDX-License-Identifier: MIT
#include "wg_aead.h"

#include "wg_chacha20.h"
#include "wg_core.h"
#include "wg_util.h"

// What the functions below use at most, of all targets of tests/native (test_wipe.c sees that it is
// enough).
#define AEAD_STACK_BYTES 512

// The first block's first half is the Poly1305 key, the message starts at block 1 (section 2.6).
static void aead_begin(wg_aead_state *st, const uint8_t *ad, size_t adlen, const uint8_t nonce[12],
                       const uint8_t key[32]) {
    uint8_t block[WG_CHACHA20_BLOCK_BYTES] = {0};
    wg_chacha20_init(st->chacha, key, nonce, 0);
    wg_chacha20_run(st->chacha, block, block, 1);
    wg_poly1305_init(&st->poly, block);
    wg_wipe(block, sizeof block);
    wg_poly1305_absorb_padded(&st->poly, ad, adlen);
}

static void aead_tag(wg_aead_state *st, uint8_t tag[16], size_t adlen, size_t len) {
    uint8_t lengths[WG_POLY1305_BLOCK_BYTES];
    wg_store64(lengths, adlen);
    wg_store64(lengths + 8, len);
    wg_poly1305_run(&st->poly, lengths, 1, 1);
    wg_poly1305_final(&st->poly, tag);
}

void wg_aead_seal_nonce(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                        size_t adlen, const uint8_t nonce[12], const uint8_t key[32]) {
    wg_aead_state st;
    size_t nblocks = len / WG_CHACHA20_BLOCK_BYTES, whole = nblocks * WG_CHACHA20_BLOCK_BYTES;
    aead_begin(&st, ad, adlen, nonce, key);
    wg_chacha20poly1305_run(&st, dst, src, nblocks);
    wg_chacha20_xor(st.chacha, dst + whole, src + whole, len - whole);
    wg_poly1305_absorb_padded(&st.poly, dst + whole, len - whole);
    aead_tag(&st, dst + len, adlen, len);
    wg_wipe(&st, sizeof st);
    wg_wipe_stack(AEAD_STACK_BYTES);
}

bool wg_aead_open_nonce(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                        size_t adlen, const uint8_t nonce[12], const uint8_t key[32]) {
    wg_aead_state st;
    uint8_t tag[WG_AEAD_TAG_BYTES];
    bool good;
    if (len < WG_AEAD_TAG_BYTES) {
        return false;
    }
    len -= WG_AEAD_TAG_BYTES;
    aead_begin(&st, ad, adlen, nonce, key);
    wg_poly1305_absorb_padded(&st.poly, src, len);
    aead_tag(&st, tag, adlen, len);
    good = wg_equal(tag, src + len, sizeof tag);
    WG_DECLASSIFY(&good, sizeof good);
    if (good) {
        wg_chacha20_xor(st.chacha, dst, src, len);
    }
    wg_wipe(tag, sizeof tag);
    wg_wipe(&st, sizeof st);
    wg_wipe_stack(AEAD_STACK_BYTES);
    return good;
}

void wg_aead_seal(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]) {
    uint8_t nonce[12] = {0};
    wg_store64(nonce + 4, counter);
    wg_aead_seal_nonce(dst, src, len, ad, adlen, nonce, key);
}

bool wg_aead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]) {
    uint8_t nonce[12] = {0};
    wg_store64(nonce + 4, counter);
    return wg_aead_open_nonce(dst, src, len, ad, adlen, nonce, key);
}
