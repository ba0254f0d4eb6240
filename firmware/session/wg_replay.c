// SPDX-License-Identifier: MIT
#include "wg_replay.h"

_Static_assert(WG_REPLAY_BITS >= 64 && (WG_REPLAY_BITS & (WG_REPLAY_BITS - 1)) == 0,
               "WG_REPLAY_BITS is a power of two from 64 up");

#define REPLAY_WORDS (WG_REPLAY_BITS / 32)

// Which word of the ring, and which bit of it. The upper bits of a counter fall away.
static unsigned replay_word(uint64_t counter) {
    return (uint32_t)(counter >> 5) & (REPLAY_WORDS - 1);
}

static uint32_t replay_bit(uint64_t counter) {
    return UINT32_C(1) << ((uint32_t)counter & 31);
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

// Forget what the ring remembers of `count` counters from `first` on, word by word.
static void replay_clear(wg_replay *r, uint64_t first, unsigned count) {
    while (count != 0) {
        unsigned from = (uint32_t)first & 31;
        unsigned bits = 32 - from;
        uint32_t fresh = UINT32_MAX << from;
        if (count < bits) {
            bits = count;
            fresh &= ~(UINT32_MAX << (from + count));
        }
        r->bits[replay_word(first)] &= ~fresh;
        first += bits;
        count -= bits;
    }
}

void wg_replay_commit(wg_replay *r, uint64_t counter) {
    if (!r->any) { // nothing in the ring
        r->greatest = counter;
        r->any = true;
    } else if (counter > r->greatest) {
        uint64_t step = counter - r->greatest;
        unsigned fresh = step < WG_REPLAY_BITS ? (unsigned)step : WG_REPLAY_BITS;
        replay_clear(r, counter - fresh + 1, fresh);
        r->greatest = counter;
    }
    r->bits[replay_word(counter)] |= replay_bit(counter);
}
