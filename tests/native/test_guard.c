// SPDX-License-Identifier: MIT
// Host only: every buffer ends, then begins, at a page that cannot be touched, so that one byte
// read or written outside is a crash, which the harness's caller sees as a failure.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_chacha20.h"
#include "wg_hkdf.h"
#include "wg_x25519.h"

#define LENGTH_MAX_BYTES 330

static size_t page;

// A page between two forbidden ones.
static uint8_t *guarded_page(void) {
    uint8_t *p = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + page, page, PROT_READ | PROT_WRITE) != 0) {
        perror("mmap");
        exit(2);
    }
    return p + page;
}

static uint8_t *place(uint8_t *guarded, size_t n, bool at_end) {
    return at_end ? guarded + page - n : guarded;
}

static uint8_t *src_page, *dst_page, *key_page, *ad_page, *iv_page;

static void aead(size_t len, bool end) {
    uint8_t *src = place(src_page, len, end), *dst = place(dst_page, len + 16, end);
    uint8_t *key = place(key_page, 32, end), *iv = place(iv_page, 24, end);
    size_t adlen = len % 37;
    uint8_t *ad = place(ad_page, adlen, end);
    wg_aead_seal(dst, src, len, ad, adlen, len, key);
    CHECK(wg_aead_open(src, dst, len + 16, ad, adlen, len, key));
    wg_xaead_seal(dst, src, len, ad, adlen, iv, key);
    CHECK(wg_xaead_open(src, dst, len + 16, ad, adlen, iv, key));
    CHECK(!wg_aead_open(src, dst, len + 16, ad, adlen, len, key));
}

static void hashes(size_t len, bool end) {
    uint8_t *src = place(src_page, len, end), *key = place(key_page, 32, end);
    size_t outlen = len % 32 + 1;
    wg_blake2s(place(dst_page, outlen, end), outlen, key, 32, src, len);
    wg_hmac_blake2s(place(dst_page, 32, end), src, len, src, len);
    wg_kdf1(place(dst_page, 32, end), key, src, len);
}

static void curve(bool end) {
    uint8_t *out = place(dst_page, 32, end), *point = place(src_page, 32, end);
    uint8_t *key = place(key_page, 32, end);
    point[0] = 9;
    CHECK(wg_x25519(out, key, point));
    wg_x25519_base(out, key);
}

static void hchacha(bool end) {
    wg_hchacha20(place(dst_page, 32, end), place(key_page, 32, end), place(iv_page, 16, end));
}

int main(void) {
    page = (size_t)sysconf(_SC_PAGESIZE);
    src_page = guarded_page();
    dst_page = guarded_page();
    key_page = guarded_page();
    ad_page = guarded_page();
    iv_page = guarded_page();
    for (int end = 0; end < 2; end++) {
        for (size_t len = 0; len <= LENGTH_MAX_BYTES; len++) {
            test_begin(end ? "guard/page after" : "guard/page before", (long)len);
            aead(len, end);
            hashes(len, end);
            test_end();
        }
        test_begin(end ? "guard/curve, page after" : "guard/curve, page before", -1);
        curve(end);
        hchacha(end);
        test_end();
    }
    return test_report();
}
