/* SPDX-License-Identifier: MIT
 *
 * The replay window against its specification, for sequences of every length, by induction. Of the
 * set of taken counters one is watched: `watched` is any counter, is_taken says whether it is in
 * the set. What `holds` says is true at the start, stays true through any commit, and makes check
 * say what the set says. */
#include "replay.h"

static bool bit(const wg_replay *r, uint64_t counter) {
    return r->bits[counter / 32 % (WG_REPLAY_BITS / 32)] >> counter % 32 & 1;
}

static bool is_blank(const wg_replay *r) {
    bool blank = true;
    for (unsigned i = 0; i < WG_REPLAY_BITS / 32; i++) {
        blank &= r->bits[i] == 0;
    }
    return blank;
}

static bool holds(const wg_replay *r, uint64_t watched, bool is_taken) {
    if (!r->any) {
        return is_blank(r) && !is_taken;
    }
    if (watched > r->greatest) {
        return !is_taken;
    }
    return r->greatest - watched >= WG_REPLAY_WINDOW || bit(r, watched) == is_taken;
}

/* The specification: above all that were taken, or near enough and not among them. */
static bool is_new(bool any, uint64_t greatest, uint64_t counter, bool is_taken) {
    return !any || counter > greatest || (greatest - counter < WG_REPLAY_WINDOW && !is_taken);
}

int main(void) {
    wg_replay r;
    uint64_t watched = nondet_counter();
    wg_replay_init(&r);
    __CPROVER_assert(holds(&r, watched, false), "it holds at the start");

    bool is_taken = nondet_bool();
    uint64_t counter = nondet_counter();
    r = nondet_replay();
    __CPROVER_assume(holds(&r, watched, is_taken));
    bool accepts = wg_replay_check(&r, counter);
    if (counter == watched) {
        __CPROVER_assert(accepts == is_new(r.any, r.greatest, counter, is_taken),
                         "the window says what the set says");
    }
    if (accepts) {
        uint64_t greatest = !r.any || counter > r.greatest ? counter : r.greatest;
        wg_replay_commit(&r, counter);
        __CPROVER_assert(r.any && r.greatest == greatest, "greatest is the set's");
        __CPROVER_assert(holds(&r, watched, is_taken || counter == watched), "it still holds");
    }
    return 0;
}
