// SPDX-License-Identifier: MIT
// The handshake's secret half with fields of any length, as a hostile message would give them.
#include <stdlib.h>

#include "fuzz.h"
#include "wg_symmetric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t responder[32] = {9};
    wg_symmetric s, before;
    fuzz_input in = {data, size};
    wg_symmetric_init(&s, responder, NULL, 0);
    wg_symmetric_mix_psk(&s, NULL);
    while (in.left != 0) {
        unsigned what = fuzz_byte(&in) % 3;
        size_t len = fuzz_byte(&in);
        uint8_t *field = malloc(len + 1);
        len = fuzz_bytes(&in, field, len);
        if (what == 0) {
            wg_symmetric_mix_hash(&s, field, len);
        } else if (what == 1) {
            wg_symmetric_mix_key(&s, field, len);
        } else if (len >= WG_SYMMETRIC_TAG_BYTES) {
            size_t plain_len = len - WG_SYMMETRIC_TAG_BYTES;
            uint8_t *plain = malloc(plain_len + 1);
            memset(plain, 0xa5, plain_len + 1);
            before = s;
            FUZZ_CHECK(!wg_symmetric_open(&s, plain, field, len));
            FUZZ_CHECK(memcmp(&before, &s, sizeof s) == 0);
            for (size_t i = 0; i <= plain_len; i++) {
                FUZZ_CHECK(plain[i] == 0xa5);
            }
            free(plain);
        }
        free(field);
    }
    wg_symmetric_wipe(&s);
    return 0;
}
