// SPDX-License-Identifier: MIT
// One session: any message, and true ones with bytes changed. Nothing that was changed may open,
// and what does not open must be left as it was.
#include <stdlib.h>

#include "fuzz.h"
#include "wg_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t key[32] = {3}, other[32] = {4};
    wg_session sender, receiver, before;
    fuzz_input in = {data, size};
    wg_session_init(&sender, key, other, 1, 2, true, 1);
    wg_session_init(&receiver, other, key, 2, 1, false, 1);
    while (in.left != 0) {
        bool is_raw = fuzz_byte(&in) & 1;
        size_t len = fuzz_byte(&in) * 3u, inner_len = 12345;
        uint8_t *message = malloc(len + WG_DATA_OVERHEAD_BYTES + 16);
        len = fuzz_bytes(&in, message + WG_DATA_HEADER_BYTES, len);
        size_t total = wg_session_seal(&sender, message, len);
        size_t place = (size_t)fuzz_byte(&in) * total / 256;
        uint8_t change = fuzz_byte(&in);
        if (is_raw) {
            total = fuzz_bytes(&in, message, total);
        } else {
            message[place] ^= change;
        }
        uint8_t *copy = malloc(total + 1);
        memcpy(copy, message, total);
        before = receiver;
        bool opened = wg_session_open(&receiver, copy, total, &inner_len);
        FUZZ_CHECK(opened == (!is_raw && change == 0));
        FUZZ_CHECK(opened || (inner_len == 12345 && memcmp(copy, message, total) == 0));
        FUZZ_CHECK(opened || memcmp(&before, &receiver, sizeof before) == 0);
        FUZZ_CHECK(!opened || !wg_session_open(&receiver, message, total, &inner_len));
        free(copy);
        free(message);
    }
    return 0;
}
