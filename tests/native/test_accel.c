// SPDX-License-Identifier: MIT
// The seam of accelerators with each kind of provider: what it may do after the self-test, and that
// every answer is right whatever it does.
#include "harness.h"
#include "providers/provider.h"
#include "wg_core.h"

#define ALL (WG_ACCEL_X25519 | WG_ACCEL_BLAKE2S | WG_ACCEL_RANDOM)

static unsigned calls_of_dh(void) {
    uint8_t out[32], scalar[32] = {1}, point[32] = {9};
    provider_calls = 0;
    CHECK(wg_x25519(out, scalar, point));
    return provider_calls;
}

static unsigned calls_of_hash(void) {
    uint8_t out[32];
    provider_calls = 0;
    wg_blake2s(out, sizeof out, NULL, 0, "abc", 3);
    CHECK(out[0] == 0x50 && out[31] == 0x82); // RFC 7693 appendix B
    return provider_calls;
}

// How the mixed-in bytes change 40 zeros: 0 for not at all.
static unsigned mixed(void) {
    uint8_t out[40] = {0};
    unsigned changed = 0;
    wg_accel_mix(out, sizeof out);
    for (size_t i = 0; i < sizeof out; i++) {
        changed += out[i] != 0;
    }
    return changed;
}

// It is asked for what it does, and for nothing else.
static void check_calls(uint32_t used) {
    CHECK(calls_of_dh() == ((used & WG_ACCEL_X25519) != 0 ? 1 : 0));
    CHECK((calls_of_hash() != 0) == ((used & WG_ACCEL_BLAKE2S) != 0));
    CHECK((mixed() > 30) == ((used & WG_ACCEL_RANDOM) != 0));
}

static void expect(const char *name, uint32_t used, uint32_t wrong) {
    test_begin(name, -1);
    CHECK(wg_selftest() == 0);
    CHECK(wg_accel_used == used && wg_accel_wrong == wrong);
    check_calls(used);
    test_end();
}

// A provider that may: each of its choices on its own.
static void choices(void) {
    expect("accel/works", ALL, 0);
    for (uint32_t bit = 1; bit <= WG_ACCEL_RANDOM; bit <<= 1) {
        provider_claims = bit;
        expect("accel/claims one", bit, 0);
    }
    provider_claims = ALL;
    provider_stuck = true;
    expect("accel/stuck random", ALL & ~WG_ACCEL_RANDOM, WG_ACCEL_RANDOM);
    provider_stuck = false;
    provider_busy = true;
    expect("accel/busy in the self-test", 0, 0);
    provider_busy = false;
    expect("accel/asked again", ALL, 0);
}

// Declines now what it did before: the core does it.
static void later(void) {
    provider_busy = true;
    test_begin("accel/busy later", -1);
    CHECK(calls_of_dh() == 1 && calls_of_hash() != 0 && mixed() == 0);
    test_end();
    suite_vectors();
    provider_busy = false;
}

int main(void) {
    test_begin("accel/not before the self-test", -1);
    check_calls(0);
    test_end();
    if (PROVIDER == PROVIDER_WORKS) {
        choices();
        later();
    } else if (PROVIDER == PROVIDER_LIES) {
        expect("accel/lies", 0, ALL);
    } else {
        expect("accel/declines", 0, 0);
    }
    suite_session();
    suite_vectors();
    return test_report();
}
