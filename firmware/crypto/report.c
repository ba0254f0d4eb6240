// SPDX-License-Identifier: MIT
#include "wg_core.h"

// options.mk says which core is linked; a build without it does not know.
#ifndef WG_CORE_blake2s
#define WG_CORE_blake2s linked
#endif
#ifndef WG_CORE_chacha20
#define WG_CORE_chacha20 linked
#endif
#ifndef WG_CORE_poly1305
#define WG_CORE_poly1305 linked
#endif
#ifndef WG_CORE_chacha20poly1305
#define WG_CORE_chacha20poly1305 linked
#endif
#ifndef WG_CORE_x25519
#define WG_CORE_x25519 linked
#endif

#define REPORT_TEXT_(token) #token
#define REPORT_TEXT(token) REPORT_TEXT_(token)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

// No pointers: a table of them would be writable in a library that is loaded at any address.
typedef struct {
    char primitive[20], core[16];
    uint8_t bit;
} report_entry;

static const report_entry report_cores[] = {
    {"blake2s", REPORT_TEXT(WG_CORE_blake2s), WG_SELFTEST_BLAKE2S},
    {"hkdf", "hkdf", WG_SELFTEST_HKDF},
    {"chacha20", REPORT_TEXT(WG_CORE_chacha20), WG_SELFTEST_CHACHA20},
    {"poly1305", REPORT_TEXT(WG_CORE_poly1305), WG_SELFTEST_POLY1305},
    {"chacha20poly1305", REPORT_TEXT(WG_CORE_chacha20poly1305), WG_SELFTEST_AEAD},
    {"xchacha20poly1305", "xaead", WG_SELFTEST_XAEAD},
    {"x25519", REPORT_TEXT(WG_CORE_x25519), WG_SELFTEST_X25519},
};

static void report_core(const report_entry *entry, uint32_t failed, const char *text[3]) {
    bool replaced = (wg_core_replaced & entry->bit) != 0;
    text[0] = entry->primitive;
    text[1] = replaced ? "generic32" : entry->core;
    text[2] = (failed & entry->bit) != 0 ? "failed" : replaced ? "replaced" : "passed";
}

#ifdef WG_ACCEL
static const report_entry report_accel[] = {
    {"accelerator x25519", "", WG_ACCEL_X25519},
    {"accelerator blake2s", "", WG_ACCEL_BLAKE2S},
    {"accelerator random", "", WG_ACCEL_RANDOM},
};

static bool report_provider(unsigned number, const char *text[3]) {
    if (number >= COUNT(report_accel)) {
        return false;
    }
    uint32_t bit = report_accel[number].bit;
    text[0] = report_accel[number].primitive;
    text[1] = wg_accel_name;
    text[2] = (wg_accel_wrong & bit) != 0  ? "refused"
              : (wg_accel_used & bit) != 0 ? "used"
                                           : "declined";
    return true;
}
#else
static bool report_provider(unsigned number, const char *text[3]) {
    (void)number;
    (void)text;
    return false;
}
#endif

bool wg_selftest_report(unsigned number, unsigned failed, const char *text[3]) {
    if (number >= COUNT(report_cores)) {
        return report_provider(number - (unsigned)COUNT(report_cores), text);
    }
    report_core(&report_cores[number], failed, text);
    return true;
}
