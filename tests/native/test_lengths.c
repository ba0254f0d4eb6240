// SPDX-License-Identifier: MIT
// The template that every implementation must pass: each length around the borders of blocks, each
// alignment of source, destination and header, in place, in pieces, nothing written outside.
#include "test_lengths.h"

#include "harness.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_chacha20.h"
#include "wg_hkdf.h"
#include "wg_poly1305.h"
#include "wg_util.h"

#define ALIGNMENTS 4
#define FENCE_BYTES 16
#define FENCE 0xc3

static uint8_t source[LENGTHS_MAX_BYTES + ALIGNMENTS];
static uint8_t room[FENCE_BYTES + LENGTHS_MAX_BYTES + 16 + ALIGNMENTS + FENCE_BYTES];
static uint8_t first[LENGTHS_MAX_BYTES + 16], header[33 + ALIGNMENTS], key[32], iv[24];

// Destination of n bytes at an alignment, with a fence on both sides.
static uint8_t *fenced(size_t align) {
    __builtin_memset(room, FENCE, sizeof room);
    return room + FENCE_BYTES + align;
}

static bool fences_stand(const uint8_t *dst, size_t n) {
    const uint8_t *end = room + sizeof room;
    for (const uint8_t *p = room; p < end; p++) {
        if ((p < dst || p >= dst + n) && *p != FENCE) {
            return false;
        }
    }
    return true;
}

static void hash_at(size_t len, size_t align, const lengths_answer *want) {
    uint8_t *dst = fenced(align);
    test_pattern(source + align, len, 4);
    wg_blake2s(dst, 32, NULL, 0, source + align, len);
    CHECK(test_same(dst, want->hash, 32) && fences_stand(dst, 32));
    dst = fenced(align);
    wg_blake2s(dst, 16, key, sizeof key, source + align, len);
    CHECK(test_same(dst, want->keyed, 16) && fences_stand(dst, 16));
    dst = fenced(align);
    wg_hmac_blake2s(dst, key, sizeof key, source + align, len);
    CHECK(test_same(dst, want->mac, 32) && fences_stand(dst, 32));
}

static void hash_pieces(size_t len, size_t a, size_t b, const lengths_answer *want) {
    wg_blake2s_ctx ctx;
    uint8_t digest[32];
    wg_blake2s_init(&ctx, 32, NULL, 0);
    wg_blake2s_update(&ctx, source, a);
    wg_blake2s_update(&ctx, source + a, b - a);
    wg_blake2s_update(&ctx, source + b, len - b);
    wg_blake2s_final(&ctx, digest);
    CHECK(test_same(digest, want->hash, 32));
    CHECK(test_all_zero(&ctx, sizeof ctx));
}

static void auth_at(size_t len, size_t align, const lengths_answer *want) {
    wg_poly1305_state st;
    uint8_t *dst = fenced(align);
    size_t cut = len / 2 / 16 * 16;
    test_pattern(source + align, len, 4);
    wg_poly1305_init(&st, key);
    wg_poly1305_absorb(&st, source + align, cut);
    wg_poly1305_absorb(&st, source + align + cut, len - cut);
    wg_poly1305_final(&st, dst);
    CHECK(test_same(dst, want->auth, 16) && fences_stand(dst, 16));
    CHECK(test_all_zero(&st, sizeof st));
}

static void seal_at(size_t len, size_t from, size_t to, const uint8_t *tag) {
    size_t adlen = len % 33;
    uint8_t *dst = fenced(to);
    test_pattern(source + from, len, 4);
    test_pattern(header + from, adlen, 3);
    wg_aead_seal_nonce(dst, source + from, len, header + from, adlen, iv, key);
    CHECK(test_same(dst + len, tag, 16) && fences_stand(dst, len + 16));
    if (from == 0 && to == 0) {
        __builtin_memcpy(first, dst, len + 16);
    }
    CHECK(test_same(dst, first, len + 16));
}

static void open_at(size_t len, size_t from, size_t to) {
    static uint8_t sealed[LENGTHS_MAX_BYTES + 16 + ALIGNMENTS];
    uint8_t *dst = fenced(to);
    test_pattern(source, len, 4);
    __builtin_memcpy(sealed + from, first, len + 16);
    CHECK(wg_aead_open_nonce(dst, sealed + from, len + 16, header, len % 33, iv, key));
    CHECK(test_same(dst, source, len) && fences_stand(dst, len));
}

static void in_place(size_t len, size_t align) {
    uint8_t *dst = fenced(align);
    test_pattern(dst, len, 4);
    wg_aead_seal_nonce(dst, dst, len, header, len % 33, iv, key);
    CHECK(test_same(dst, first, len + 16) && fences_stand(dst, len + 16));
    CHECK(wg_aead_open_nonce(dst, dst, len + 16, header, len % 33, iv, key));
    CHECK(test_same(dst, source, len) && test_same(dst + len, first + len, 16));
    CHECK(fences_stand(dst, len + 16));
}

static void forged(size_t len) {
    uint8_t *dst = fenced(0);
    __builtin_memcpy(dst, first, len + 16);
    for (size_t step = len / 7 + 1, i = len % step; i < len + 16; i += step) {
        dst[i] ^= 1u << (i & 7);
        CHECK(!wg_aead_open_nonce(dst, dst, len + 16, header, len % 33, iv, key));
        dst[i] ^= 1u << (i & 7);
        CHECK(test_same(dst, first, len + 16));
    }
    CHECK(!wg_aead_open_nonce(dst, dst, len + 15, header, len % 33, iv, key));
    CHECK(!wg_aead_open_nonce(dst, dst, len % 16, header, len % 33, iv, key));
    CHECK(!wg_aead_open_nonce(dst, dst, len + 16, header, len % 33 + 1, iv, key));
    CHECK(test_same(dst, first, len + 16) && fences_stand(dst, len + 16));
}

static void xseal(size_t len, const uint8_t *xtag) {
    uint8_t *dst = fenced(1);
    wg_xaead_seal(dst, source, len, header, len % 33, iv, key);
    CHECK(test_same(dst + len, xtag, 16) && fences_stand(dst, len + 16));
    dst[0] ^= 1;
    CHECK(!wg_xaead_open(dst, dst, len + 16, header, len % 33, iv, key));
    dst[0] ^= 1;
    CHECK(wg_xaead_open(dst, dst, len + 16, header, len % 33, iv, key));
    CHECK(test_same(dst, source, len) && fences_stand(dst, len + 16));
}

static void counter_form(size_t len) {
    uint64_t counter = wg_load64(iv + 4);
    uint8_t nonce[12] = {0}, *dst = fenced(0), tag[16];
    __builtin_memcpy(nonce + 4, iv + 4, 8);
    wg_aead_seal_nonce(dst, source, len, NULL, 0, nonce, key);
    __builtin_memcpy(tag, dst + len, 16);
    wg_aead_seal(dst, source, len, NULL, 0, counter, key);
    CHECK(test_same(tag, dst + len, 16));
    CHECK(!wg_aead_open(dst, dst, len + 16, NULL, 0, counter + 1, key));
    CHECK(!wg_aead_open(dst, dst, len + 16, NULL, 0, counter ^ UINT64_C(1) << 63, key));
    CHECK(wg_aead_open(dst, dst, len + 16, NULL, 0, counter, key));
    CHECK(test_same(dst, source, len));
}

void lengths_check(size_t len, const lengths_answer *want) {
    test_pattern(key, sizeof key, 1);
    test_pattern(iv, sizeof iv, 2);
    for (size_t align = 0; align < ALIGNMENTS; align++) {
        hash_at(len, align, want);
        auth_at(len, align, want);
    }
    test_pattern(source, len, 4);
    for (size_t a = 0; a <= len; a += len < 140 ? 1 : 13) {
        hash_pieces(len, a, a + (len - a) / 3, want);
    }
    for (size_t i = 0; i < ALIGNMENTS * ALIGNMENTS; i++) {
        seal_at(len, i / ALIGNMENTS, i % ALIGNMENTS, want->tag);
    }
    test_pattern(header, len % 33, 3);
    for (size_t i = 0; i < ALIGNMENTS * ALIGNMENTS; i++) {
        open_at(len, i / ALIGNMENTS, i % ALIGNMENTS);
    }
    for (size_t align = 0; align < ALIGNMENTS; align++) {
        in_place(len, align);
    }
    forged(len);
    xseal(len, want->xtag);
    counter_form(len);
}
