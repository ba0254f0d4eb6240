// SPDX-License-Identifier: MIT
// No secret stays behind on the stack: each function runs on a stack of its own, which is then
// searched for pieces of what was secret. What it used of that stack is printed on the way.
#include "harness.h"
#include "wg_aead.h"
#include "wg_hkdf.h"
#include "wg_util.h"
#include "wg_x25519.h"

#define STACK_BYTES 16384
#define PIECE_BYTES 8

static _Alignas(16) uint8_t stack[STACK_BYTES];
static uint8_t key[32], other[32], text[256], sealed[256 + 16];
static bool verdict;

static bool found(const uint8_t *secret, size_t n) {
    for (size_t i = 0; i + PIECE_BYTES <= n; i++) {
        for (size_t at = 0; at + PIECE_BYTES <= STACK_BYTES; at++) {
            if (stack[at] == secret[i] && test_same(stack + at, secret + i, PIECE_BYTES)) {
                return true;
            }
        }
    }
    return false;
}

static void measure(const char *name, void (*work)(void)) {
    size_t unused = 0;
    __builtin_memset(stack, 0, sizeof stack);
    machine_call(work, stack, sizeof stack);
    while (unused < sizeof stack && stack[unused] == 0) {
        unused++;
    }
    test_value("STACK", name, (unsigned long)(sizeof stack - unused));
    test_check(unused < sizeof stack, "the stack was not used at all");
}

static void work_leak(void) {
    volatile uint8_t local[32];
    for (unsigned i = 0; i < 32; i++) {
        local[i] = key[i];
    }
    verdict = local[0] == key[0];
}

static void work_x25519(void) {
    verdict = wg_x25519(other, key, other);
}

static void work_seal(void) {
    wg_aead_seal(sealed, text, sizeof text - 5, key, 3, 5, key);
}

static void work_open(void) {
    verdict = wg_aead_open(text, sealed, sizeof text - 5 + 16, key, 3, 5, key);
}

static void work_xaead(void) {
    wg_xaead_seal(sealed, text, sizeof text - 5, NULL, 0, other, key);
}

static void work_kdf(void) {
    wg_kdf3(other, sealed, sealed + 32, key, text, 32);
}

static void fresh_secrets(void) {
    test_random_bytes(key, sizeof key);
    test_random_bytes(other, sizeof other);
    test_random_bytes(text, sizeof text);
}

void suite_wipe(void) {
    fresh_secrets();
    test_begin("wipe/the search finds a leak", -1);
    measure("leak", work_leak);
    CHECK(found(key, 32));
    test_end();

    test_begin("wipe/x25519", -1);
    measure("x25519", work_x25519);
    CHECK(!found(key, 32));
    CHECK(!found(other, 32));
    test_end();

    test_begin("wipe/seal", -1);
    measure("seal", work_seal);
    CHECK(!found(key, 32));
    CHECK(!found(text, sizeof text));
    test_end();

    test_begin("wipe/open", -1);
    measure("open", work_open);
    CHECK(verdict);
    CHECK(!found(key, 32));
    CHECK(!found(text, sizeof text));
    test_end();

    test_begin("wipe/xaead", -1);
    measure("xaead", work_xaead);
    CHECK(!found(key, 32));
    test_end();

    test_begin("wipe/kdf", -1);
    measure("kdf", work_kdf);
    CHECK(!found(key, 32));
    CHECK(!found(other, 32));
    CHECK(!found(text, 32));
    CHECK(!found(sealed, 64));
    test_end();
}
