/* SPDX-License-Identifier: MIT
 *
 * Random bytes for keys, from a noise source of the chip: tested (wg_health.h), conditioned by
 * BLAKE2s, kept in a state that each request renews from the source before it answers and erases
 * behind itself. Which source is one file of a list, chosen when the firmware is linked.
 */
#ifndef WG_ENTROPY_H
#define WG_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_health.h"

/* --- what a source defines --- */

typedef struct {
    const char *name;
    const wg_health_limits *limits;
    uint16_t first_words; /* 32 raw bits each: 512 bits of claimed entropy for the first request, */
    uint16_t later_words; /* 128 for each one after it; a window of the health test at least */
} wg_noise_source;

#define WG_NOISE_ATTEMPTS 3 /* each takes the source's bits at another pace */
#define WG_NOISE_EXTRA_BYTES 16

extern const wg_noise_source wg_noise;

/* Make ready for the attempt 0, 1, 2; false when the source is not running. */
bool wg_noise_begin(unsigned attempt);
/* 32 raw bits; false when the hardware reports an error or gives none. */
bool wg_noise_word(uint32_t *word);
/* What is no secret but differs from board to board and boot to boot; no entropy is claimed. */
void wg_noise_extra(uint8_t out[WG_NOISE_EXTRA_BYTES]);
/* Keep the other processor and lwIP's interrupt off the state, for some hundred microseconds. */
void wg_noise_lock(void);
void wg_noise_unlock(void);

/* --- ours --- */

/* Random bytes; false, with nothing written, when the source fails its tests at every pace. */
bool wg_entropy_fill(uint8_t *out, size_t len);

#endif
