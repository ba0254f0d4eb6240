// SPDX-License-Identifier: MIT
#include "wg_hkdf.h"

#include "wg_blake2s.h"
#include "wg_util.h"

// See BLAKE2S_FINAL_STACK_BYTES.
#define HMAC_FINAL_STACK_BYTES 96

static void hmac_absorb_pad(wg_blake2s_ctx *ctx, const uint8_t *key, size_t keylen, uint8_t fill) {
    uint8_t pad[WG_BLAKE2S_BLOCK_BYTES];
    __builtin_memset(pad, fill, sizeof pad);
    for (size_t i = 0; i < keylen; i++) {
        pad[i] ^= key[i];
    }
    wg_blake2s_init(ctx, WG_BLAKE2S_OUT_BYTES, NULL, 0);
    wg_blake2s_update(ctx, pad, sizeof pad);
    wg_wipe(pad, sizeof pad);
}

void wg_hmac_blake2s(uint8_t out[32], const uint8_t *key, size_t keylen, const void *in,
                     size_t inlen) {
    wg_blake2s_ctx ctx;
    uint8_t hashed[WG_BLAKE2S_OUT_BYTES], digest[WG_BLAKE2S_OUT_BYTES];
    if (keylen > WG_BLAKE2S_BLOCK_BYTES) {
        wg_blake2s(hashed, sizeof hashed, NULL, 0, key, keylen);
        key = hashed;
        keylen = sizeof hashed;
    }
    hmac_absorb_pad(&ctx, key, keylen, 0x36);
    wg_blake2s_update(&ctx, in, inlen);
    wg_blake2s_final(&ctx, digest);
    hmac_absorb_pad(&ctx, key, keylen, 0x5c);
    wg_blake2s_update(&ctx, digest, sizeof digest);
    wg_blake2s_final(&ctx, out);
    wg_wipe(hashed, sizeof hashed);
    wg_wipe(digest, sizeof digest);
    wg_wipe_stack(HMAC_FINAL_STACK_BYTES);
}

// T(1..n) of paper section 5.4. The inputs are read completely before the first output is written.
static void hkdf_outputs(uint8_t *const t[], unsigned n, const uint8_t ck[32], const void *in,
                         size_t inlen) {
    uint8_t prk[32], chain[33];
    wg_hmac_blake2s(prk, ck, 32, in, inlen);
    for (unsigned i = 1; i <= n; i++) {
        chain[i == 1 ? 0 : 32] = (uint8_t)i;
        wg_hmac_blake2s(chain, prk, sizeof prk, chain, i == 1 ? 1 : 33);
        __builtin_memcpy(t[i - 1], chain, 32);
    }
    wg_wipe(prk, sizeof prk);
    wg_wipe(chain, sizeof chain);
}

void wg_kdf1(uint8_t t1[32], const uint8_t ck[32], const void *in, size_t inlen) {
    hkdf_outputs((uint8_t *const[]){t1}, 1, ck, in, inlen);
}

void wg_kdf2(uint8_t t1[32], uint8_t t2[32], const uint8_t ck[32], const void *in, size_t inlen) {
    hkdf_outputs((uint8_t *const[]){t1, t2}, 2, ck, in, inlen);
}

void wg_kdf3(uint8_t t1[32], uint8_t t2[32], uint8_t t3[32], const uint8_t ck[32], const void *in,
             size_t inlen) {
    hkdf_outputs((uint8_t *const[]){t1, t2, t3}, 3, ck, in, inlen);
}
