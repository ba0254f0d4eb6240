/* SPDX-License-Identifier: MIT
 *
 * The replay window against its specification, for every sequence of N counters, of which any may
 * fail to authenticate. The specification keeps every counter that was taken, in the order they
 * came: a counter is new when it is above all of them, or less than WG_REPLAY_WINDOW below the
 * greatest and none of them. */
#include "replay.h"

static uint64_t taken[N];
static unsigned taken_used;

static bool is_new(uint64_t counter) {
    uint64_t greatest = 0;
    bool was_taken = false;
    for (unsigned i = 0; i < taken_used; i++) {
        greatest = taken[i] > greatest ? taken[i] : greatest;
        was_taken |= taken[i] == counter;
    }
    return taken_used == 0 || counter > greatest ||
           (greatest - counter < WG_REPLAY_WINDOW && !was_taken);
}

int main(void) {
    wg_replay window;
    wg_replay_init(&window);
    for (unsigned i = 0; i < N; i++) {
        uint64_t counter = nondet_counter();
        bool accepts = wg_replay_check(&window, counter);
        __CPROVER_assert(accepts == is_new(counter), "the window says what the set says");
        if (accepts && nondet_bool()) { /* its tag is good */
            wg_replay_commit(&window, counter);
            taken[taken_used++] = counter;
        }
    }
    return 0;
}
