// SPDX-License-Identifier: MIT
// The linked cores against the portable ones, on their own seam: states, counters and runs that no
// message reaches, at every alignment. Where the portable core is linked itself, these cases
// compare it with itself; then the vectors and lengths are what judges it.
#include "harness.h"
#include "reference.h"

#define RUNS 200
#define BLOCKS_MAX 9
#define FENCE 0x5a

static uint8_t input[BLOCKS_MAX * 64 + 4], got[BLOCKS_MAX * 64 + 16], want[BLOCKS_MAX * 64 + 16];

// Words that are likely to carry: all ones, zero, or random.
static void edgy_words(uint32_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t kind = test_random() & 7, r = test_random();
        out[i] = kind == 0 ? 0 : kind < 4 ? 0xffffffffu : r;
    }
}

static void edgy_input(void) {
    test_random_bytes(input, sizeof input);
    uint32_t kind = test_random() & 3;
    if (kind < 2) {
        __builtin_memset(input, kind == 0 ? 0xff : 0, sizeof input);
    }
}

static bool nothing_beyond(size_t offset, size_t n) {
    for (size_t i = 0; i < sizeof got; i++) {
        if ((i < offset || i >= offset + n) && got[i] != FENCE) {
            return false;
        }
    }
    return true;
}

static void blake2s_case(void) {
    uint32_t h[2][8], t[2][2], inc = test_random() & 127, f0 = test_random() & 1 ? 0xffffffffu : 0;
    size_t nblocks = test_random() % (BLOCKS_MAX + 1);
    const uint8_t *in = input + (test_random() & 3);
    uint64_t before;
    edgy_words(h[0], 8);
    edgy_words(t[0], 2);
    __builtin_memcpy(h[1], h[0], sizeof h[0]);
    __builtin_memcpy(t[1], t[0], sizeof t[0]);
    before = (uint64_t)t[0][1] << 32 | t[0][0];
    wg_blake2s_core(h[0], in, nblocks, t[0], inc, f0);
    reference_blake2s_core(h[1], in, nblocks, t[1], inc, f0);
    CHECK(test_same(h[0], h[1], sizeof h[0]) && test_same(t[0], t[1], sizeof t[0]));
    CHECK(((uint64_t)t[0][1] << 32 | t[0][0]) == before + nblocks * (uint64_t)inc);
}

static void chacha20_case(void) {
    uint32_t state[2][16];
    size_t nblocks = test_random() % (BLOCKS_MAX + 1), at = test_random() & 3;
    const uint8_t *in = input + (test_random() & 3);
    edgy_words(state[0], 16);
    __builtin_memcpy(state[1], state[0], sizeof state[0]);
    __builtin_memset(got, FENCE, sizeof got);
    if (test_random() & 1) {
        __builtin_memcpy(got + at, in, nblocks * 64);
        wg_chacha20_core(state[0], got + at, got + at, nblocks);
    } else {
        wg_chacha20_core(state[0], got + at, in, nblocks);
    }
    reference_chacha20_core(state[1], want, in, nblocks);
    CHECK(test_same(state[0], state[1], sizeof state[0]));
    CHECK(test_same(got + at, want, nblocks * 64) && nothing_beyond(at, nblocks * 64));
}

// Any state within what the header allows: h below 5 * 2^128, r clamped. With r = 1 the sum itself
// stays in h, so that all ones there bring the carry that runs through every word.
static void poly1305_random(wg_poly1305_state *st) {
    uint8_t key[32];
    uint32_t kind = test_random() & 3;
    test_random_bytes(key, sizeof key);
    if (kind < 2) {
        __builtin_memset(key, kind == 0 ? 0xff : 0, 16);
        key[0] |= 1;
    }
    wg_poly1305_init(st, key);
    edgy_words(st->h, 4);
    if (test_random() & 1) {
        __builtin_memset(st->h, 0xff, 16);
    }
    st->h[4] = test_random() % 5;
}

static bool poly1305_same(wg_poly1305_state *a, wg_poly1305_state *b) {
    uint8_t tags[2][16];
    if (a->h[4] > 4) {
        return false;
    }
    wg_poly1305_final(a, tags[0]);
    wg_poly1305_final(b, tags[1]);
    return test_same(tags[0], tags[1], 16);
}

static void poly1305_case(void) {
    wg_poly1305_state st[2];
    size_t nblocks = test_random() % (BLOCKS_MAX * 4 + 1);
    const uint8_t *in = input + (test_random() & 3);
    uint32_t hibit = test_random() & 1;
    poly1305_random(&st[0]);
    st[1] = st[0];
    wg_poly1305_core(&st[0], in, nblocks, hibit);
    reference_poly1305_core(&st[1], in, nblocks, hibit);
    CHECK(test_same(st[0].r, st[1].r, sizeof st[0].r) && test_same(st[0].s, st[1].s, 16));
    CHECK(poly1305_same(&st[0], &st[1]));
}

static void aead_case(void) {
    wg_aead_state st[2];
    size_t nblocks = test_random() % (BLOCKS_MAX + 1), at = test_random() & 3;
    const uint8_t *in = input + (test_random() & 3);
    edgy_words(st[0].chacha, 16);
    poly1305_random(&st[0].poly);
    st[1] = st[0];
    __builtin_memset(got, FENCE, sizeof got);
    if (test_random() & 1) {
        __builtin_memcpy(got + at, in, nblocks * 64);
        wg_chacha20poly1305_core(&st[0], got + at, got + at, nblocks);
    } else {
        wg_chacha20poly1305_core(&st[0], got + at, in, nblocks);
    }
    reference_chacha20poly1305_core(&st[1], want, in, nblocks);
    CHECK(test_same(st[0].chacha, st[1].chacha, sizeof st[0].chacha));
    CHECK(test_same(got + at, want, nblocks * 64) && nothing_beyond(at, nblocks * 64));
    CHECK(poly1305_same(&st[0].poly, &st[1].poly));
}

// Points around 0, p, 2p and 2^256, and others; the core sees every bit of them.
static void x25519_point(uint8_t point[32]) {
    uint32_t kind = test_random() & 3;
    test_random_bytes(point, 32);
    if (kind < 2) {
        __builtin_memset(point + 1, kind == 0 ? 0xff : 0, 31);
        point[31] ^= (uint8_t)((test_random() & 1) << 7);
    }
}

static void x25519_case(void) {
    uint8_t k[33], u[33], out[3][33];
    size_t at = test_random() & 1;
    test_random_bytes(k, sizeof k);
    k[at] &= 248;
    k[at + 31] = (uint8_t)((k[at + 31] & 127) | 64);
    x25519_point(u + at);
    wg_x25519_core(out[0] + at, k + at, u + at);
    reference_x25519_core(out[1] + at, k + at, u + at);
    CHECK(test_same(out[0] + at, out[1] + at, 32));
    __builtin_memset(u, 0, sizeof u);
    u[at] = 9;
    wg_x25519_core(out[0] + at, k + at, NULL);
    reference_x25519_core(out[1] + at, k + at, u + at);
    CHECK(test_same(out[0] + at, out[1] + at, 32));
}

static void repeat(const char *name, void (*work)(void), int runs) {
    test_begin(name, -1);
    for (int i = 0; i < runs; i++) {
        edgy_input();
        work();
    }
    test_end();
}

void suite_cores(void) {
    repeat("cores/blake2s", blake2s_case, RUNS);
    repeat("cores/chacha20", chacha20_case, RUNS);
    repeat("cores/poly1305", poly1305_case, RUNS * 5);
    repeat("cores/chacha20poly1305", aead_case, RUNS);
    repeat("cores/x25519", x25519_case, RUNS / 10);
}
