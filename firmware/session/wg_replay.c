// SPDX-License-Identifier: MIT
#include "wg_replay.h"

_Static_assert(WG_REPLAY_BITS >= 64 && (WG_REPLAY_BITS & (WG_REPLAY_BITS - 1)) == 0,
               "WG_REPLAY_BITS is a power of two from 64 up");

#define REPLAY_WORDS (WG_REPLAY_BITS / 32)

static unsigned replay_word(uint64_t counter) {
    return (uint32_t)(counter >> 5) & (REPLAY_WORDS - 1);
}

static uint32_t replay_bit(uint64_t counter) {
    return UINT32_C(1) << (counter & 31);
}

void wg_replay_init(wg_replay *r) {
    *r = (wg_replay){0};
}

bool wg_replay_check(const wg_replay *r, uint64_t counter) {
    if (!r->any || counter > r->greatest) {
        return true;
    }
    return r->greatest - counter < WG_REPLAY_WINDOW &&
           (r->bits[replay_word(counter)] & replay_bit(counter)) == 0;
}

void wg_replay_commit(wg_replay *r, uint64_t counter) {
    if (!r->any || counter > r->greatest) {
        // Words entered since the greatest: all of them after a leap of a whole ring or more.
        uint64_t fresh = r->any ? (counter >> 5) - (r->greatest >> 5) : REPLAY_WORDS;
        for (unsigned i = 0; i < REPLAY_WORDS && i < fresh; i++) {
            r->bits[replay_word(counter - 32 * (uint64_t)i)] = 0;
        }
        r->greatest = counter;
        r->any = true;
    }
    r->bits[replay_word(counter)] |= replay_bit(counter);
}
