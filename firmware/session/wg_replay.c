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

// Words entered since the greatest: all of them after a leap of a whole ring or more.
static unsigned replay_fresh_words(const wg_replay *r, uint64_t counter) {
    uint64_t words = (counter >> 5) - (r->greatest >> 5);
    return r->any && words < REPLAY_WORDS ? (unsigned)words : REPLAY_WORDS;
}

void wg_replay_commit(wg_replay *r, uint64_t counter) {
    unsigned word = replay_word(counter);
    if (!r->any || counter > r->greatest) {
        for (unsigned i = replay_fresh_words(r, counter); i-- != 0;) {
            r->bits[(word - i) & (REPLAY_WORDS - 1)] = 0;
        }
        r->greatest = counter;
        r->any = true;
    }
    r->bits[word] |= replay_bit(counter);
}
