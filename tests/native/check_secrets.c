// SPDX-License-Identifier: MIT
// Secret-dependence check: secrets are given to memcheck as undefined memory, and it reports every
// branch and every address that depends on them. `check_secrets list` names the cases,
// `check_secrets NAME` runs one under valgrind; the planted ones must be reported.
#include <stdio.h>
#include <string.h>

#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_hkdf.h"
#include "wg_session.h"
#include "wg_x25519.h"

static uint8_t key[32], other[32], text[300], sealed[400];

static void secret(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void public(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

static int case_x25519(void) {
    bool good;
    other[0] = 9;
    secret(key, 32);
    good = wg_x25519(other, key, other);
  public
    (&good, sizeof good);
    return !good;
}

// The point of a DH is public to the one who sent it, but not to who watches the time.
static int case_x25519_point(void) {
    bool good;
    other[0] = 9;
    secret(key, 32);
    secret(other, 32);
    good = wg_x25519(other, key, other);
  public
    (&good, sizeof good);
    return !good;
}

static int case_x25519_base(void) {
    secret(key, 32);
    wg_x25519_base(other, key);
    return 0;
}

static int case_aead(void) {
    bool good;
    secret(key, 32);
    secret(text, sizeof text);
    wg_aead_seal(sealed, text, sizeof text, other, 20, 77, key);
    good = wg_aead_open(text, sealed, sizeof text + 16, other, 20, 77, key);
    sealed[3] ^= 1;
    return !good || wg_aead_open(text, sealed, sizeof text + 16, other, 20, 77, key);
}

static int case_xaead(void) {
    secret(key, 32);
    secret(text, sizeof text);
    wg_xaead_seal(sealed, text, sizeof text, other, 20, other, key);
    return !wg_xaead_open(text, sealed, sizeof text + 16, other, 20, other, key);
}

static int case_blake2s(void) {
    secret(key, 32);
    secret(text, sizeof text);
    wg_blake2s(sealed, 32, key, 32, text, sizeof text);
    return 0;
}

static int case_kdf(void) {
    secret(key, 32);
    secret(other, 32);
    wg_kdf3(key, sealed, sealed + 32, key, other, 32);
    return 0;
}

static int case_session(void) {
    static wg_session s;
    size_t n;
    secret(key, 32);
    wg_session_init(&s, key, key, 5, 5, true, 1);
    n = wg_session_seal(&s, sealed, 200);
    if (n != 240 || !wg_session_open(&s, sealed, n, &n)) {
        return 1;
    }
    wg_session_wipe(&s);
    return 0;
}

static int case_plant_branch(void) {
    secret(key, 32);
    return key[7] & 1 ? 0 : strlen((char *)other) > 5;
}

static int case_plant_index(void) {
    secret(key, 32);
    sealed[0] = text[key[7]];
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    {"x25519", case_x25519},
    {"x25519_point", case_x25519_point},
    {"x25519_base", case_x25519_base},
    {"aead", case_aead},
    {"xaead", case_xaead},
    {"blake2s", case_blake2s},
    {"kdf", case_kdf},
    {"session", case_session},
    {"plant_branch", case_plant_branch},
    {"plant_index", case_plant_index},
};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
            puts(cases[i].name);
        } else if (argc == 2 && strcmp(argv[1], cases[i].name) == 0) {
            return cases[i].run();
        }
    }
    return argc == 2 && strcmp(argv[1], "list") == 0 ? 0 : 2;
}
