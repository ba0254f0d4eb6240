// SPDX-License-Identifier: MIT
#include "wg_selftest.h"

#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_chacha20.h"
#include "wg_core.h"
#include "wg_hkdf.h"
#include "wg_util.h"
#include "wg_x25519.h"

// The answers are those of tests/vectors: lengths.json at 200 bytes (three blocks and a rest, so
// that every path of a core is taken), hkdf_blake2s.json's Kdf3 at 32, RFC 7748 section 5.2's
// second.
#define SELFTEST_BYTES 200
#define SELFTEST_AD_BYTES (SELFTEST_BYTES % 33)

static const uint8_t selftest_hash[16] = {0x0d, 0x6b, 0xb5, 0x2a, 0x2d, 0x20, 0x11, 0x06,
                                          0xaa, 0x3d, 0xff, 0xde, 0xc0, 0xda, 0x95, 0x3b};
static const uint8_t selftest_keyed[16] = {0x8a, 0xdd, 0x8a, 0xe9, 0xa6, 0xa9, 0x04, 0xc9,
                                           0x31, 0x63, 0x17, 0x1d, 0xbf, 0x23, 0x5c, 0xc2};
static const uint8_t selftest_chacha[16] = {0xed, 0x8d, 0x6c, 0xaa, 0xcc, 0xc0, 0xbc, 0xe2,
                                            0x99, 0xd0, 0x1d, 0x70, 0x1e, 0x21, 0x30, 0xb4};
static const uint8_t selftest_auth[16] = {0xf8, 0xb4, 0x25, 0x49, 0x40, 0xc4, 0x31, 0x5b,
                                          0xfd, 0x0e, 0xcd, 0xa7, 0x21, 0x8a, 0xd8, 0xea};
static const uint8_t selftest_tag[16] = {0x74, 0x66, 0x05, 0xbf, 0x16, 0x71, 0x7d, 0xad,
                                         0x25, 0x50, 0x12, 0xdd, 0x1a, 0x23, 0x12, 0xf1};
static const uint8_t selftest_xtag[16] = {0xdf, 0x4f, 0xb8, 0xb4, 0x9b, 0x75, 0x37, 0x39,
                                          0xc9, 0xab, 0x12, 0xaa, 0xc5, 0x34, 0x6a, 0x31};
static const uint8_t selftest_kdf3[16] = {0x33, 0xeb, 0x7c, 0x5a, 0x0e, 0xf9, 0x3a, 0xf5,
                                          0xe3, 0x04, 0x26, 0x0b, 0x3a, 0x4d, 0xbc, 0xa1};
static const uint8_t selftest_dh_scalar[32] = {
    0x4b, 0x66, 0xe9, 0xd4, 0xd1, 0xb4, 0x67, 0x3c, 0x5a, 0xd2, 0x26, 0x91, 0x95, 0x7d, 0x6a, 0xf5,
    0xc1, 0x1b, 0x64, 0x21, 0xe0, 0xea, 0x01, 0xd4, 0x2c, 0xa4, 0x16, 0x9e, 0x79, 0x18, 0xba, 0x0d};
static const uint8_t selftest_dh_point[32] = {
    0xe5, 0x21, 0x0f, 0x12, 0x78, 0x68, 0x11, 0xd3, 0xf4, 0xb7, 0x95, 0x9d, 0x05, 0x38, 0xae, 0x2c,
    0x31, 0xdb, 0xe7, 0x10, 0x6f, 0xc0, 0x3c, 0x3e, 0xfc, 0x4c, 0xd5, 0x49, 0xc7, 0x15, 0xa4, 0x93};
static const uint8_t selftest_dh[32] = {
    0x95, 0xcb, 0xde, 0x94, 0x76, 0xe8, 0x90, 0x7d, 0x7a, 0xad, 0xe4, 0x5c, 0xb4, 0xb8, 0x73, 0xf8,
    0x8b, 0x59, 0x5a, 0x68, 0x79, 0x9f, 0xa1, 0x52, 0xe6, 0xf8, 0xf7, 0x64, 0x7a, 0xac, 0x79, 0x57};

typedef struct {
    uint8_t key[32], iv[24], ad[SELFTEST_AD_BYTES];
    uint8_t text[SELFTEST_BYTES], work[SELFTEST_BYTES + WG_AEAD_TAG_BYTES];
} selftest_data;

// make.py's pattern() for less than 256 bytes.
static void selftest_pattern(uint8_t *out, size_t n, unsigned seed) {
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(i * 167 + seed * 101 + 17);
    }
}

static bool selftest_blake2s(selftest_data *d) {
    bool good;
    wg_blake2s(d->work, 32, NULL, 0, d->text, sizeof d->text);
    good = wg_equal(d->work, selftest_hash, sizeof selftest_hash);
    wg_blake2s(d->work, 16, d->key, sizeof d->key, d->text, sizeof d->text);
    return good && wg_equal(d->work, selftest_keyed, sizeof selftest_keyed);
}

static bool selftest_hkdf(selftest_data *d) {
    uint8_t *ck = d->work, *in = ck + 32, *t2 = in + 32, *t3 = t2 + 32;
    selftest_pattern(ck, 32, 32);
    selftest_pattern(in, 32, 39);
    wg_kdf3(ck, t2, t3, ck, in, 32);
    return wg_equal(t3, selftest_kdf3, sizeof selftest_kdf3);
}

static bool selftest_chacha20(selftest_data *d) {
    uint32_t state[16];
    wg_chacha20_init(state, d->key, d->iv, 1);
    wg_chacha20_xor(state, d->work, d->text, sizeof d->text);
    return wg_equal(d->work + SELFTEST_BYTES - 16, selftest_chacha, sizeof selftest_chacha);
}

static bool selftest_poly1305(selftest_data *d) {
    wg_poly1305_state st;
    wg_poly1305_init(&st, d->key);
    wg_poly1305_absorb(&st, d->text, sizeof d->text);
    wg_poly1305_final(&st, d->work);
    return wg_equal(d->work, selftest_auth, sizeof selftest_auth);
}

// The answer, then a forgery, which must be refused and must leave the message as it is, then the
// message itself.
static bool selftest_aead(selftest_data *d) {
    uint8_t *work = d->work, *tag = work + SELFTEST_BYTES, first;
    bool good;
    wg_aead_seal_nonce(work, d->text, SELFTEST_BYTES, d->ad, sizeof d->ad, d->iv, d->key);
    good = wg_equal(tag, selftest_tag, sizeof selftest_tag);
    first = work[0];
    tag[15] ^= 0x80;
    good &= !wg_aead_open_nonce(work, work, sizeof d->work, d->ad, sizeof d->ad, d->iv, d->key);
    good &= work[0] == first;
    tag[15] ^= 0x80;
    good &= wg_aead_open_nonce(work, work, sizeof d->work, d->ad, sizeof d->ad, d->iv, d->key);
    return good && wg_equal(work, d->text, SELFTEST_BYTES);
}

static bool selftest_xaead(selftest_data *d) {
    uint8_t *work = d->work;
    bool good;
    wg_xaead_seal(work, d->text, SELFTEST_BYTES, d->ad, sizeof d->ad, d->iv, d->key);
    good = wg_equal(work + SELFTEST_BYTES, selftest_xtag, sizeof selftest_xtag);
    work[7] ^= 1;
    good &= !wg_xaead_open(work, work, sizeof d->work, d->ad, sizeof d->ad, d->iv, d->key);
    return good;
}

// One ladder, which is most of the self-test's time. A second one for a point of small order would
// only show that wg_equal knows zeros: it is asked directly.
static bool selftest_x25519(selftest_data *d) {
    static const uint8_t zero[32];
    bool good = wg_x25519(d->work, selftest_dh_scalar, selftest_dh_point);
    good &= wg_equal(d->work, selftest_dh, sizeof selftest_dh);
    return good && wg_equal(zero, zero, sizeof zero) && !wg_equal(zero, d->work, sizeof zero);
}

static bool selftest_one(unsigned bit, selftest_data *d) {
    switch (bit) {
    case WG_SELFTEST_BLAKE2S:
        return selftest_blake2s(d);
    case WG_SELFTEST_HKDF:
        return selftest_hkdf(d);
    case WG_SELFTEST_CHACHA20:
        return selftest_chacha20(d);
    case WG_SELFTEST_POLY1305:
        return selftest_poly1305(d);
    case WG_SELFTEST_AEAD:
        return selftest_aead(d);
    case WG_SELFTEST_XAEAD:
        return selftest_xaead(d);
    default:
        return selftest_x25519(d);
    }
}

// The cores that may be to blame when more than a primitive's own is.
static unsigned selftest_below(unsigned bit) {
    const unsigned aead = WG_SELFTEST_CHACHA20 | WG_SELFTEST_POLY1305 | WG_SELFTEST_AEAD;
    return bit == WG_SELFTEST_HKDF                               ? WG_SELFTEST_BLAKE2S
           : bit == WG_SELFTEST_AEAD || bit == WG_SELFTEST_XAEAD ? aead
                                                                 : 0;
}

static bool selftest_good(unsigned bit, selftest_data *d) {
    return selftest_one(bit, d) || (wg_core_replace(bit) && selftest_one(bit, d)) ||
           (wg_core_replace(selftest_below(bit)) && selftest_one(bit, d));
}

// What a primitive is made of is tested before it: the bits are in that order.
unsigned wg_selftest(void) {
    selftest_data d;
    unsigned failed = 0;
#ifdef WG_ACCEL
    wg_accel_used = 0; // first the cores alone
#endif
    selftest_pattern(d.key, sizeof d.key, 1);
    selftest_pattern(d.iv, sizeof d.iv, 2);
    selftest_pattern(d.ad, sizeof d.ad, 3);
    selftest_pattern(d.text, sizeof d.text, 4);
    for (unsigned bit = WG_SELFTEST_BLAKE2S; bit <= WG_SELFTEST_X25519; bit <<= 1) {
        failed |= selftest_good(bit, &d) ? 0 : bit;
    }
#ifdef WG_ACCEL
    wg_accel_check();
#endif
    return failed;
}
