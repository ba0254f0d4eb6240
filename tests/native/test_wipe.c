// SPDX-License-Identifier: MIT
// No secret stays behind on the stack. Each function runs on a stack of its own, twice, with
// different secrets: what is left there must be the same, byte for byte, or it came from a secret.
// What it used of the stack is printed on the way.
#include "harness.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_hkdf.h"
#include "wg_x25519.h"

#define STACK_BYTES 8192
#define PAINT 0xa5

static _Alignas(16) uint8_t stacks[2][STACK_BYTES];
static const uint8_t open_to_all[24] = "neither key nor message";
static uint8_t key[32], other[32], text[256], sealed[256 + 16];
static bool verdict;

static void work_leak(void) {
    volatile uint8_t local[32];
    for (unsigned i = 0; i < 32; i++) {
        local[i] = key[i];
    }
    verdict = local[0] == local[1];
}

static void work_x25519(void) {
    verdict = wg_x25519(other, key, other);
}

static void work_x25519_base(void) {
    wg_x25519_base(other, key);
}

static void work_seal(void) {
    wg_aead_seal(sealed, text, sizeof text - 5, open_to_all, 3, 5, key);
}

static void work_open(void) {
    verdict = wg_aead_open(text, sealed, sizeof text - 5 + 16, open_to_all, 3, 5, key);
}

static void work_xaead(void) {
    wg_xaead_seal(sealed, text, sizeof text - 5, NULL, 0, open_to_all, key);
}

static void work_blake2s(void) {
    wg_blake2s(other, 32, key, 32, text, sizeof text);
}

static void work_kdf(void) {
    wg_kdf3(other, sealed, sealed + 32, key, text, 32);
}

static void fresh_secrets(void) {
    test_random_bytes(key, sizeof key);
    test_random_bytes(other, sizeof other);
    test_random_bytes(text, sizeof text);
    wg_aead_seal(sealed, text, sizeof text - 5, open_to_all, 3, 5, key);
    test_random_bytes(text, sizeof text);
}

static size_t unused(const uint8_t *stack) {
    size_t n = 0;
    while (n < STACK_BYTES && stack[n] == PAINT) {
        n++;
    }
    return n;
}

// Both runs on the very same stack, so that addresses on it are the same; then what it held is
// kept.
static void run_both(void (*work)(void)) {
    for (unsigned run = 0; run < 2; run++) {
        fresh_secrets();
        __builtin_memset(stacks[0], PAINT, STACK_BYTES);
        machine_call(work, stacks[0], STACK_BYTES);
        if (run == 0) {
            __builtin_memcpy(stacks[1], stacks[0], STACK_BYTES);
        }
    }
}

static void measure(const char *name, void (*work)(void), bool leaks) {
    size_t first = STACK_BYTES, differing = 0;
    test_begin(name, -1);
    run_both(work);
    for (size_t i = STACK_BYTES; i-- != 0;) {
        if (stacks[0][i] != stacks[1][i]) {
            first = i;
            differing++;
        }
    }
    test_value("STACK", name, (unsigned long)(STACK_BYTES - unused(stacks[1])));
    test_value("LEFT", name, (unsigned long)differing);
    test_value("DEEPEST", name, (unsigned long)(STACK_BYTES - first));
    CHECK(unused(stacks[0]) < STACK_BYTES);
    CHECK((differing != 0) == leaks);
    test_end();
}

void suite_wipe(void) {
    measure("wipe/planted leak", work_leak, true);
    measure("wipe/x25519", work_x25519, false);
    measure("wipe/x25519_base", work_x25519_base, false);
    measure("wipe/seal", work_seal, false);
    measure("wipe/open", work_open, false);
    measure("wipe/xaead", work_xaead, false);
    measure("wipe/blake2s", work_blake2s, false);
    measure("wipe/kdf3", work_kdf, false);
}
