// SPDX-License-Identifier: MIT
#include "wg_blake2s.h"

#include "wg_core.h"
#include "wg_util.h"

// The frame of final itself, which may begin with a scratch register pushed for alignment.
#define BLAKE2S_FINAL_STACK_BYTES 96

// RFC 7693 section 2.6: the first words of the fractions of square roots, as in SHA-256.
static const uint32_t blake2s_iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void wg_blake2s_init(wg_blake2s_ctx *ctx, size_t outlen, const uint8_t *key, size_t keylen) {
    __builtin_memcpy(ctx->h, blake2s_iv, sizeof ctx->h);
    // Parameter block: digest length, key length, fanout 1, depth 1 (section 2.5).
    ctx->h[0] ^= 0x01010000u ^ (uint32_t)keylen << 8 ^ (uint32_t)outlen;
    ctx->t[0] = ctx->t[1] = 0;
    ctx->fill = 0;
    ctx->outlen = (uint32_t)outlen;
    if (keylen != 0) {
        __builtin_memset(ctx->block, 0, sizeof ctx->block);
        __builtin_memcpy(ctx->block, key, keylen);
        ctx->fill = WG_BLAKE2S_BLOCK_BYTES;
    }
}

void wg_blake2s_update(wg_blake2s_ctx *ctx, const void *in, size_t inlen) {
    const uint8_t *p = in;
    size_t room = WG_BLAKE2S_BLOCK_BYTES - ctx->fill;
    if (inlen == 0) {
        return;
    }
    if (inlen > room) {
        // A full block is compressed only once more input follows: the last one gets the flag.
        if (ctx->fill != 0) {
            __builtin_memcpy(ctx->block + ctx->fill, p, room);
            wg_blake2s_run(ctx->h, ctx->block, 1, ctx->t, WG_BLAKE2S_BLOCK_BYTES, 0);
            ctx->fill = 0;
            p += room;
            inlen -= room;
        }
        size_t nblocks = (inlen - 1) / WG_BLAKE2S_BLOCK_BYTES;
        wg_blake2s_run(ctx->h, p, nblocks, ctx->t, WG_BLAKE2S_BLOCK_BYTES, 0);
        p += nblocks * WG_BLAKE2S_BLOCK_BYTES;
        inlen -= nblocks * WG_BLAKE2S_BLOCK_BYTES;
    }
    __builtin_memcpy(ctx->block + ctx->fill, p, inlen);
    ctx->fill += (uint32_t)inlen;
}

void wg_blake2s_final(wg_blake2s_ctx *ctx, uint8_t *out) {
    __builtin_memset(ctx->block + ctx->fill, 0, WG_BLAKE2S_BLOCK_BYTES - ctx->fill);
    wg_blake2s_run(ctx->h, ctx->block, 1, ctx->t, ctx->fill, 0xffffffffu);
    for (unsigned i = 0; i < 8; i++) {
        wg_store32(ctx->block + 4 * i, ctx->h[i]);
    }
    __builtin_memcpy(out, ctx->block, ctx->outlen);
    wg_wipe(ctx, sizeof *ctx);
}

void wg_blake2s(uint8_t *out, size_t outlen, const uint8_t *key, size_t keylen, const void *in,
                size_t inlen) {
    wg_blake2s_ctx ctx;
    wg_blake2s_init(&ctx, outlen, key, keylen);
    wg_blake2s_update(&ctx, in, inlen);
    wg_blake2s_final(&ctx, out);
    wg_wipe_stack(BLAKE2S_FINAL_STACK_BYTES);
}
