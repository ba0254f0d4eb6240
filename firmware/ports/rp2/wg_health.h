/* SPDX-License-Identifier: MIT
 *
 * The two health tests of NIST SP 800-90B, section 4.4, on a noise source of single bits. They find
 * a source that is stuck or has lost most of its entropy; nothing can find that one is random.
 */
#ifndef WG_HEALTH_H
#define WG_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#define WG_HEALTH_WINDOW_BITS 1024 /* 4.4.2, binary sources */

/* Cutoffs for a claimed entropy of h bits per bit. A source that is as good as claimed fails a
 * test once in 2^30 times: repeats = 1 + 30 / h, same = 1 + CRITBINOM(1024, 2^-h, 1 - 2^-30). */
typedef struct {
    uint16_t repeats; /* so many equal bits in a row */
    uint16_t same;    /* so many bits of a window equal to its first */
} wg_health_limits;

extern const wg_health_limits wg_health_eighth; /* h = 1/8 */
extern const wg_health_limits wg_health_half;   /* h = 1/2 */

typedef struct {
    const wg_health_limits *limits;
    uint16_t run, seen, same;
    uint8_t last, first;
    bool failed;
} wg_health;

void wg_health_init(wg_health *health, const wg_health_limits *limits);

/* Test 32 bits more, lowest first. False from the first failure on. */
bool wg_health_word(wg_health *health, uint32_t word);

#endif
