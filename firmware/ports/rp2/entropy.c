/* SPDX-License-Identifier: MIT */
#include "wg_entropy.h"

#include "wg_blake2s.h"
#include "wg_util.h"

#define STATE_BYTES 32

static uint8_t state[STATE_BYTES];
static bool seeded;

/* All raw bits of one attempt into a hash. False when the source or a test says no. */
static bool absorb(wg_blake2s_ctx *hash, unsigned attempt) {
    unsigned words = seeded ? wg_noise.later_words : wg_noise.first_words;
    wg_health health;
    wg_health_init(&health, wg_noise.limits);
    if (!wg_noise_begin(attempt)) {
        return false;
    }
    for (unsigned i = 0; i < words; i++) {
        uint32_t word = 0;
        if (!wg_noise_word(&word) || !wg_health_word(&health, word)) {
            return false;
        }
        wg_blake2s_update(hash, &word, sizeof word);
        wg_wipe(&word, sizeof word);
    }
    return true;
}

/* What a failed attempt has brought stays in the hash: it does no harm, and counts for nothing. */
static bool gather(uint8_t out[STATE_BYTES]) {
    uint8_t extra[WG_NOISE_EXTRA_BYTES];
    wg_blake2s_ctx hash;
    bool good = false;
    wg_blake2s_init(&hash, STATE_BYTES, NULL, 0);
    for (unsigned attempt = 0; attempt < WG_NOISE_ATTEMPTS && !good; attempt++) {
        good = absorb(&hash, attempt);
    }
    wg_noise_extra(extra);
    wg_blake2s_update(&hash, extra, sizeof extra);
    wg_blake2s_final(&hash, out);
    return good;
}

/* out = BLAKE2s keyed with the state, of 32 bits. */
static void expand(uint8_t out[STATE_BYTES], uint32_t number) {
    wg_blake2s(out, STATE_BYTES, state, sizeof state, &number, sizeof number);
}

static void take(uint8_t *out, size_t len) {
    uint8_t block[STATE_BYTES];
    for (uint32_t number = 1; len > 0; number++) {
        size_t n = len < sizeof block ? len : sizeof block;
        expand(block, number);
        __builtin_memcpy(out, block, n);
        out += n;
        len -= n;
    }
    expand(block, 0); /* from what stays, what was given cannot be found */
    __builtin_memcpy(state, block, sizeof state);
    wg_wipe(block, sizeof block);
}

bool wg_entropy_fill(uint8_t *out, size_t len) {
    uint8_t fresh[STATE_BYTES], mixed[STATE_BYTES];
    bool good = gather(fresh);
    if (good) {
        wg_noise_lock();
        wg_blake2s(mixed, sizeof mixed, state, sizeof state, fresh, sizeof fresh);
        __builtin_memcpy(state, mixed, sizeof state);
        seeded = true;
        take(out, len);
        wg_noise_unlock();
    }
    wg_wipe(fresh, sizeof fresh);
    wg_wipe(mixed, sizeof mixed);
    return good;
}
