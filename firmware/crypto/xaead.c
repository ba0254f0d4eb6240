// SPDX-License-Identifier: MIT
#include "wg_aead.h"
#include "wg_chacha20.h"
#include "wg_util.h"

// What HChaCha20 uses at most beside its core; the AEAD wipes what it used itself.
#define XAEAD_STACK_BYTES 128

// draft-irtf-cfrg-xchacha-03 section 2.3: 16 bytes of the nonce make the subkey, 8 are left.
static void xaead_subkey(uint8_t subkey[32], uint8_t rest[12], const uint8_t nonce[24],
                         const uint8_t key[32]) {
    wg_hchacha20(subkey, key, nonce);
    __builtin_memset(rest, 0, 4);
    __builtin_memcpy(rest + 4, nonce + 16, 8);
}

void wg_xaead_seal(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                   const uint8_t nonce[24], const uint8_t key[32]) {
    uint8_t subkey[32], rest[12];
    xaead_subkey(subkey, rest, nonce, key);
    wg_aead_seal_nonce(dst, src, len, ad, adlen, rest, subkey);
    wg_wipe(subkey, sizeof subkey);
    wg_wipe_stack(XAEAD_STACK_BYTES);
}

bool wg_xaead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                   const uint8_t nonce[24], const uint8_t key[32]) {
    uint8_t subkey[32], rest[12];
    bool good;
    xaead_subkey(subkey, rest, nonce, key);
    good = wg_aead_open_nonce(dst, src, len, ad, adlen, rest, subkey);
    wg_wipe(subkey, sizeof subkey);
    wg_wipe_stack(XAEAD_STACK_BYTES);
    return good;
}
