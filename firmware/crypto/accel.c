// SPDX-License-Identifier: MIT
// Only with WG_ACCEL: is the provider what it says? The cores have passed the self-test by now, so
// that they say what is right; X25519, dear on them, has stored answers.
#include "wg_core.h"
#include "wg_util.h"

#ifdef WG_ACCEL

#define ACCEL_BLOCKS 3
#define ACCEL_RANDOM_BYTES 32
#define ACCEL_MIX_BYTES 32

typedef enum { ACCEL_RIGHT, ACCEL_WRONG, ACCEL_DECLINED } accel_verdict;

uint32_t wg_accel_used, wg_accel_wrong;

// RFC 7748 section 6.1: Alice's and Bob's keys, the private ones clamped, and what they share.
static const uint8_t accel_alice[32] = {
    0x70, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
    0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x6a};
static const uint8_t accel_alice_public[32] = {
    0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7, 0x5a,
    0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};
static const uint8_t accel_bob_public[32] = {
    0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61, 0xc2, 0xec, 0xe4, 0x35, 0x37,
    0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78, 0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f};
static const uint8_t accel_shared[32] = {
    0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b, 0xf4, 0x80, 0x35, 0x0f, 0x25,
    0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1, 0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42};

// One answer: done and right, done and wrong, or declined with work as it was.
static accel_verdict accel_dh(uint8_t work[32], const uint8_t *point, const uint8_t want[32]) {
    bool done = wg_accel_x25519(work, accel_alice, point);
    if (!done) {
        return ACCEL_DECLINED;
    }
    return wg_equal(work, want, 32) ? ACCEL_RIGHT : ACCEL_WRONG;
}

// The base point; a point with its top bit set, in the place of the result; one of small order.
static accel_verdict accel_check_x25519(void) {
    static const uint8_t zero[32];
    uint8_t work[32] = {0};
    accel_verdict verdict = accel_dh(work, NULL, accel_alice_public);
    if (verdict == ACCEL_RIGHT) {
        __builtin_memcpy(work, accel_bob_public, sizeof work);
        work[31] |= 0x80;
        verdict = accel_dh(work, work, accel_shared);
    }
    if (verdict == ACCEL_RIGHT) {
        __builtin_memset(work, 0, sizeof work);
        work[0] = 1;
        verdict = accel_dh(work, work, zero);
    }
    return verdict;
}

static accel_verdict accel_blake2s_run(const uint8_t *blocks, size_t nblocks, uint32_t f0) {
    uint32_t h[2][8], t[2][2] = {{0xfffffff0u, 7}, {0xfffffff0u, 7}};
    for (unsigned i = 0; i < 8; i++) {
        h[0][i] = h[1][i] = 0x9e3779b9u * (i + 1);
    }
    if (!wg_accel_blake2s(h[0], blocks, nblocks, t[0], 64, f0)) {
        return ACCEL_DECLINED;
    }
    wg_blake2s_run(h[1], blocks, nblocks, t[1], 64, f0);
    return wg_equal(h[0], h[1], sizeof h[0]) && wg_equal(t[0], t[1], sizeof t[0]) ? ACCEL_RIGHT
                                                                                  : ACCEL_WRONG;
}

// No block to three, each at another alignment, the counter's carry, with and without the last
// flag.
static accel_verdict accel_check_blake2s(void) {
    uint8_t data[ACCEL_BLOCKS * WG_BLAKE2S_BLOCK_BYTES + 3];
    accel_verdict verdict = ACCEL_RIGHT;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 167 + 17);
    }
    for (size_t n = 0; n <= ACCEL_BLOCKS && verdict == ACCEL_RIGHT; n++) {
        verdict = accel_blake2s_run(data + n, n, n == 1 ? 0xffffffffu : 0);
    }
    return verdict;
}

// Whether a source is random cannot be tested; that it is stuck can: two draws are equal, or one
// is of one byte only.
static accel_verdict accel_check_random(void) {
    uint8_t draw[2][ACCEL_RANDOM_BYTES] = {{0}};
    unsigned same = 0;
    if (!wg_accel_random(draw[0], sizeof draw[0]) || !wg_accel_random(draw[1], sizeof draw[1])) {
        return ACCEL_DECLINED;
    }
    for (unsigned i = 1; i < ACCEL_RANDOM_BYTES; i++) {
        same += draw[0][i] == draw[0][0];
    }
    bool stuck = same == ACCEL_RANDOM_BYTES - 1 || wg_equal(draw[0], draw[1], sizeof draw[0]);
    wg_wipe(draw, sizeof draw);
    return stuck ? ACCEL_WRONG : ACCEL_RIGHT;
}

static void accel_settle(uint32_t bit, accel_verdict (*check)(void), uint32_t claims) {
    accel_verdict verdict = (claims & bit) != 0 ? check() : ACCEL_DECLINED;
    wg_accel_used |= verdict == ACCEL_RIGHT ? bit : 0;
    wg_accel_wrong |= verdict == ACCEL_WRONG ? bit : 0;
}

void wg_accel_check(void) {
    uint32_t claims = wg_accel_claims();
    wg_accel_used = wg_accel_wrong = 0;
    accel_settle(WG_ACCEL_X25519, accel_check_x25519, claims);
    accel_settle(WG_ACCEL_BLAKE2S, accel_check_blake2s, claims);
    accel_settle(WG_ACCEL_RANDOM, accel_check_random, claims);
}

void wg_accel_mix(uint8_t *out, size_t len) {
    uint8_t more[ACCEL_MIX_BYTES];
    for (size_t at = 0; at < len && (wg_accel_used & WG_ACCEL_RANDOM) != 0; at += sizeof more) {
        size_t n = len - at < sizeof more ? len - at : sizeof more;
        if (!wg_accel_random(more, n)) {
            break;
        }
        for (size_t i = 0; i < n; i++) {
            out[at + i] ^= more[i];
        }
    }
    wg_wipe(more, sizeof more);
}

#endif
