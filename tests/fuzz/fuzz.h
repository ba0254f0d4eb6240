// SPDX-License-Identifier: MIT
// What the fuzz targets share: a reader of the input, and checks that end the run.
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *data;
    size_t left;
} fuzz_input;

static inline uint8_t fuzz_byte(fuzz_input *in) {
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->data++;
}

// Up to `most` bytes into `to`, the rest zeros; how many there were.
static inline size_t fuzz_bytes(fuzz_input *in, uint8_t *to, size_t most) {
    size_t count = in->left < most ? in->left : most;
    memset(to, 0, most);
    if (count != 0) {
        memcpy(to, in->data, count);
    }
    in->data += count;
    in->left -= count;
    return count;
}

#endif
