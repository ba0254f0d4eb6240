// SPDX-License-Identifier: MIT
#include "wg_aead.h"

#include "wg_chacha20.h"
#include "wg_core.h"
#include "wg_util.h"

// Cores wipe what they use of the stack, but for the registers of their callers that they save
// there: this deep they and the functions here may lie, of all targets of tests/native
// (test_wipe.c).
#define AEAD_STACK_BYTES (sizeof(void *) == 4 ? 64 : 192)

_Static_assert(offsetof(wg_poly1305_state, r) == 4 * WG_AEAD_FIRST_WORD &&
                   offsetof(wg_poly1305_state, s) == 4 * WG_AEAD_FIRST_WORD + 16,
               "Poly1305's key is made in its place");

// Into the two functions that differ in the nonce's form: a call with seven arguments and its frame
// are dear beside 64 bytes of message.
#define AEAD_INLINE inline __attribute__((always_inline))

static const uint8_t aead_zeros[WG_CHACHA20_BLOCK_BYTES];

static void aead_begin(wg_aead_state *st, const uint8_t *ad, size_t adlen, const uint32_t nonce[3],
                       const uint8_t key[32]) {
    uint8_t *first = (uint8_t *)(st->first + WG_AEAD_FIRST_WORD);
    wg_chacha20_set_key(st->chacha, key);
    st->chacha[WG_CHACHA20_COUNTER_WORD] = 0;
    st->chacha[13] = nonce[0];
    st->chacha[14] = nonce[1];
    st->chacha[15] = nonce[2];
    // The key of Poly1305 is in block 0, the message starts at block 1 (section 2.6).
    wg_chacha20_run(st->chacha, first, aead_zeros, 1);
    wg_poly1305_init(&st->poly, first);
    if (adlen != 0) {
        wg_poly1305_absorb_padded(&st->poly, ad, adlen);
    }
}

// tag may be where h is, st->first.
static void aead_tag(wg_aead_state *st, uint8_t tag[16], size_t adlen, size_t len) {
    uint8_t lengths[WG_POLY1305_BLOCK_BYTES];
    wg_store64(lengths, adlen);
    wg_store64(lengths + 8, len);
    wg_poly1305_run(&st->poly, lengths, 1, 1);
    wg_poly1305_tag(&st->poly, tag);
}

static AEAD_INLINE void aead_seal(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                                  size_t adlen, const uint32_t nonce[3], const uint8_t key[32]) {
    wg_aead_state st;
    size_t nblocks = len / WG_CHACHA20_BLOCK_BYTES, whole = nblocks * WG_CHACHA20_BLOCK_BYTES;
    aead_begin(&st, ad, adlen, nonce, key);
    wg_chacha20poly1305_run(&st, dst, src, nblocks);
    if (len != whole) {
        wg_chacha20_xor(st.chacha, dst + whole, src + whole, len - whole);
        wg_poly1305_absorb_padded(&st.poly, dst + whole, len - whole);
    }
    aead_tag(&st, dst + len, adlen, len);
    wg_wipe(&st, sizeof st);
    wg_wipe_stack(AEAD_STACK_BYTES);
}

static AEAD_INLINE bool aead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                                  size_t adlen, const uint32_t nonce[3], const uint8_t key[32]) {
    wg_aead_state st;
    size_t nblocks, whole;
    bool good;
    if (len < WG_AEAD_TAG_BYTES) {
        return false;
    }
    len -= WG_AEAD_TAG_BYTES;
    nblocks = len / WG_CHACHA20_BLOCK_BYTES;
    whole = nblocks * WG_CHACHA20_BLOCK_BYTES;
    aead_begin(&st, ad, adlen, nonce, key);
    wg_poly1305_absorb_padded(&st.poly, src, len);
    aead_tag(&st, (uint8_t *)st.first, adlen, len);
    good = wg_equal(st.first, src + len, WG_AEAD_TAG_BYTES);
    WG_DECLASSIFY(&good, sizeof good);
    if (good) {
        wg_chacha20_run(st.chacha, dst, src, nblocks);
        if (len != whole) {
            wg_chacha20_xor(st.chacha, dst + whole, src + whole, len - whole);
        }
    }
    wg_wipe(&st, sizeof st);
    wg_wipe_stack(AEAD_STACK_BYTES);
    return good;
}

static void aead_nonce(uint32_t words[3], const uint8_t nonce[12]) {
    for (unsigned i = 0; i < 3; i++) {
        words[i] = wg_load32(nonce + 4 * i);
    }
}

void wg_aead_seal_nonce(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                        size_t adlen, const uint8_t nonce[12], const uint8_t key[32]) {
    uint32_t words[3];
    aead_nonce(words, nonce);
    aead_seal(dst, src, len, ad, adlen, words, key);
}

bool wg_aead_open_nonce(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad,
                        size_t adlen, const uint8_t nonce[12], const uint8_t key[32]) {
    uint32_t words[3];
    aead_nonce(words, nonce);
    return aead_open(dst, src, len, ad, adlen, words, key);
}

void wg_aead_seal(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]) {
    const uint32_t nonce[3] = {0, (uint32_t)counter, (uint32_t)(counter >> 32)};
    aead_seal(dst, src, len, ad, adlen, nonce, key);
}

bool wg_aead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]) {
    const uint32_t nonce[3] = {0, (uint32_t)counter, (uint32_t)(counter >> 32)};
    return aead_open(dst, src, len, ad, adlen, nonce, key);
}
