/* SPDX-License-Identifier: MIT */
#include "stubs.h"

#include <stdlib.h>

#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_session.h"
#include "wg_util.h"

#define READABLE(p, n) __CPROVER_assert((n) == 0 || __CPROVER_r_ok(p, n), #p " may be read")
#define WRITABLE(p, n) __CPROVER_assert((n) == 0 || __CPROVER_w_ok(p, n), #p " may be written")

uint8_t *any_datagram(size_t len) {
    uint8_t *datagram = malloc(len); /* uninitialised: any bytes */
    __CPROVER_assume(datagram != NULL);
    return datagram;
}

bool wg_aead_open(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t *ad, size_t adlen,
                  uint64_t counter, const uint8_t key[32]) {
    (void)counter;
    READABLE(src, len);
    READABLE(ad, adlen);
    READABLE(key, 32);
    if (len < WG_AEAD_TAG_BYTES || !nondet_bool()) {
        return false;
    }
    WRITABLE(dst, len - WG_AEAD_TAG_BYTES);
    __CPROVER_assert(dst == src, "in place: no other overlap");
    __CPROVER_havoc_object(dst);
    return true;
}

void wg_blake2s(uint8_t *out, size_t outlen, const uint8_t *key, size_t keylen, const void *in,
                size_t inlen) {
    __CPROVER_assert(outlen >= 1 && outlen <= WG_BLAKE2S_OUT_BYTES, "outlen");
    __CPROVER_assert(keylen <= WG_BLAKE2S_KEY_BYTES, "keylen");
    READABLE(key, keylen);
    READABLE(in, inlen);
    WRITABLE(out, outlen);
    __CPROVER_havoc_object(out);
}

bool wg_equal(const void *a, const void *b, size_t n) {
    READABLE(a, n);
    READABLE(b, n);
    return nondet_bool();
}

void wg_wipe(void *p, size_t n) {
    WRITABLE(p, n);
    __CPROVER_assert(n == sizeof(wg_session), "of this path nothing else is wiped");
    *(wg_session *)p = (wg_session){0};
}
