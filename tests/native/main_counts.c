// SPDX-License-Identifier: MIT
// Instructions of each operation under QEMU's -icount, in the timer's ticks: COUNT lines. They must
// be the same for every secret, which is all that an emulator can say about constant time on Arm.
#include "harness.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_hkdf.h"
#include "wg_selftest.h"
#include "wg_x25519.h"

#define SECRETS 8
#define PACKET_BYTES 1420
// Reading the timer falls between two of its ticks.
#define TICKS_TOLERANCE 3

static uint8_t key[32], point[32], text[PACKET_BYTES + 16], sealed[PACKET_BYTES + 16];
static bool verdict;

static void work_nothing(void) {}

static void work_x25519(void) {
    verdict = wg_x25519(sealed, key, point);
}

static void work_x25519_base(void) {
    wg_x25519_base(sealed, key);
}

static void work_seal(void) {
    wg_aead_seal(sealed, text, PACKET_BYTES, NULL, 0, 5, key);
}

static void work_open(void) {
    verdict = wg_aead_open(text, sealed, PACKET_BYTES + 16, NULL, 0, 5, key);
}

static void work_blake2s(void) {
    wg_blake2s(sealed, 32, key, 32, text, 128);
}

static void work_kdf2(void) {
    wg_kdf2(sealed, sealed + 32, key, text, 32);
}

static void work_selftest(void) {
    verdict = wg_selftest() == 0;
}

static uint32_t ticks_of(void (*work)(void)) {
    uint32_t start = machine_ticks();
    work();
    return machine_ticks() - start;
}

// A secret of its own for each run, with all zeros and all ones among them.
static void prepare(unsigned run) {
    test_random_bytes(key, sizeof key);
    test_random_bytes(point, sizeof point);
    test_random_bytes(text, sizeof text);
    if (run < 2) {
        __builtin_memset(key, run == 0 ? 0 : 0xff, sizeof key);
        __builtin_memset(text, run == 0 ? 0 : 0xff, sizeof text);
    }
    wg_aead_seal(sealed, text, PACKET_BYTES, NULL, 0, 5, key);
}

static void count(const char *name, void (*work)(void)) {
    uint32_t least = UINT32_MAX, most = 0, nothing;
    nothing = ticks_of(work_nothing);
    for (unsigned run = 0; run < SECRETS; run++) {
        prepare(run);
        uint32_t ticks = ticks_of(work) - nothing;
        least = ticks < least ? ticks : least;
        most = ticks > most ? ticks : most;
    }
    test_value("COUNT", name, least);
    test_begin(name, -1);
    CHECK(least != 0);
    CHECK(most - least <= TICKS_TOLERANCE);
    test_end();
}

int main(void) {
    ticks_of(work_selftest); // the first pass translates the code
    count("x25519", work_x25519);
    count("x25519_base", work_x25519_base);
    count("seal_1420", work_seal);
    count("open_1420", work_open);
    count("blake2s_128", work_blake2s);
    count("kdf2", work_kdf2);
    count("selftest", work_selftest);
    return test_report();
}
