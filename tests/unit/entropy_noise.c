// SPDX-License-Identifier: MIT
// The noise source that test_boards_entropy.py plants: Python says what comes out of it.
#include <string.h>

#include "wg_entropy.h"

bool (*planted_begin)(unsigned attempt);
bool (*planted_word)(uint32_t *word);
int planted_lock_depth, planted_locks;

const wg_noise_source wg_noise = {
    .name = "planted",
    .limits = &wg_health_eighth,
    .first_words = 128,
    .later_words = 32,
};

bool wg_noise_begin(unsigned attempt) {
    return planted_begin(attempt);
}

bool wg_noise_word(uint32_t *word) {
    return planted_word(word);
}

void wg_noise_extra(uint8_t out[WG_NOISE_EXTRA_BYTES]) {
    memset(out, 7, WG_NOISE_EXTRA_BYTES);
}

void wg_noise_lock(void) {
    planted_lock_depth++;
    planted_locks++;
}

void wg_noise_unlock(void) {
    planted_lock_depth--;
}
