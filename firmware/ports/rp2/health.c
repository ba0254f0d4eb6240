/* SPDX-License-Identifier: MIT */
#include "wg_health.h"

const wg_health_limits wg_health_eighth = {.repeats = 241, .same = 988};
const wg_health_limits wg_health_half = {.repeats = 61, .same = 810};

void wg_health_init(wg_health *health, const wg_health_limits *limits) {
    *health = (wg_health){.limits = limits};
}

/* SP 800-90B, 4.4.1 */
static void test_repetition(wg_health *health, uint8_t bit) {
    health->run = health->run != 0 && bit == health->last ? (uint16_t)(health->run + 1) : 1;
    health->last = bit;
    health->failed |= health->run >= health->limits->repeats;
}

/* SP 800-90B, 4.4.2 */
static void test_proportion(wg_health *health, uint8_t bit) {
    if (health->seen == 0) {
        health->first = bit;
        health->same = 0;
    }
    health->same = (uint16_t)(health->same + (bit == health->first));
    health->failed |= health->same >= health->limits->same;
    health->seen = (uint16_t)((health->seen + 1) % WG_HEALTH_WINDOW_BITS);
}

bool wg_health_word(wg_health *health, uint32_t word) {
    for (unsigned i = 0; i < 32; i++) {
        uint8_t bit = (word >> i) & 1;
        test_repetition(health, bit);
        test_proportion(health, bit);
    }
    return !health->failed;
}
