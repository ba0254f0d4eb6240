// SPDX-License-Identifier: MIT
#include "wg_hkdf.h"

#include "wg_blake2s.h"
#include "wg_core.h"
#include "wg_util.h"

// The frames below, which may begin with registers that are saved; see BLAKE2S_FINAL_STACK_BYTES.
#define HMAC_STACK_BYTES 96
// hmac_resume's frame and those below it.
#define HKDF_STACK_BYTES 256

// RFC 2104 section 2. The functions here are not inlined: that would add up their frames.
#define HMAC_INNER 0x36
#define HMAC_OUTER 0x5c

static __attribute__((noinline)) void hmac_absorb_pad(wg_blake2s_ctx *ctx, const uint8_t *key,
                                                      size_t keylen, uint8_t fill) {
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
    hmac_absorb_pad(&ctx, key, keylen, HMAC_INNER);
    wg_blake2s_update(&ctx, in, inlen);
    wg_blake2s_final(&ctx, digest);
    hmac_absorb_pad(&ctx, key, keylen, HMAC_OUTER);
    wg_blake2s_update(&ctx, digest, sizeof digest);
    wg_blake2s_final(&ctx, out);
    wg_wipe(hashed, sizeof hashed);
    wg_wipe(digest, sizeof digest);
    wg_wipe_stack(HMAC_STACK_BYTES);
}

// A key's two padded blocks, compressed: what every HMAC under that key begins with.
typedef struct {
    uint32_t inner[8], outer[8];
} hmac_midstates;

static __attribute__((noinline)) void hmac_midstate(uint32_t h[8], const uint8_t key[32],
                                                    uint8_t fill) {
    wg_blake2s_ctx ctx;
    hmac_absorb_pad(&ctx, key, 32, fill);
    wg_blake2s_run(ctx.h, ctx.block, 1, ctx.t, WG_BLAKE2S_BLOCK_BYTES, 0);
    __builtin_memcpy(h, ctx.h, sizeof ctx.h);
    wg_wipe(&ctx, sizeof ctx);
}

// The hash that began with h's block. n is not 0, else that block had been the last one.
static __attribute__((noinline)) void hmac_resume(uint8_t out[32], const uint32_t h[8],
                                                  const uint8_t *in, size_t n) {
    wg_blake2s_ctx ctx;
    wg_blake2s_init(&ctx, WG_BLAKE2S_OUT_BYTES, NULL, 0);
    __builtin_memcpy(ctx.h, h, sizeof ctx.h);
    ctx.t[0] = WG_BLAKE2S_BLOCK_BYTES;
    wg_blake2s_update(&ctx, in, n);
    wg_blake2s_final(&ctx, out);
}

// T(1..n) of paper section 5.4. The inputs are read completely before the first output is written.
static void hkdf_outputs(uint8_t *const t[], unsigned n, const uint8_t ck[32], const void *in,
                         size_t inlen) {
    uint8_t chain[33];
    hmac_midstates prk;
    wg_hmac_blake2s(chain, ck, 32, in, inlen);
    hmac_midstate(prk.inner, chain, HMAC_INNER);
    hmac_midstate(prk.outer, chain, HMAC_OUTER);
    for (unsigned i = 1; i <= n; i++) {
        chain[i == 1 ? 0 : 32] = (uint8_t)i;
        hmac_resume(chain, prk.inner, chain, i == 1 ? 1 : 33);
        hmac_resume(chain, prk.outer, chain, 32);
        __builtin_memcpy(t[i - 1], chain, 32);
    }
    wg_wipe(&prk, sizeof prk);
    wg_wipe(chain, sizeof chain);
    wg_wipe_stack(HKDF_STACK_BYTES);
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
