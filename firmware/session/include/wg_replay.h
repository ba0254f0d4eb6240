// SPDX-License-Identifier: MIT
// Replay window: which of the last counters have been received (paper section 5.4.6). A ring of
// bits, one for each of the last WG_REPLAY_BITS counters; moving on clears the bits that are
// entered.
//
//   WG_REPLAY_BITS   packets late    sizeof(wg_session)   sizeof(wg_peer), three sessions
//             1024         < 1024                  240                       816 on 32-bit Arm
//             2048         < 2048                  368                      1200
//             4096         < 4096                  624                      1968
//             8192         < 8192                 1136                      3504
//
// Usage: check before the tag is verified, commit after; nothing forged may move the window.
#ifndef WG_REPLAY_H
#define WG_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

// Size of the window, a power of two from 64 up; the kernel has 8192 bits, of which it uses 8128.
#ifndef WG_REPLAY_BITS
#define WG_REPLAY_BITS 1024
#endif
// How far behind the greatest a counter may be.
#define WG_REPLAY_WINDOW WG_REPLAY_BITS

typedef struct {
    uint64_t greatest; // greatest counter committed; meaningless unless any
    bool any;
    uint32_t bits[WG_REPLAY_BITS / 32];
} wg_replay;

// Forgets all counters. A zeroed struct is the same.
void wg_replay_init(wg_replay *r);
// True when counter is new: above the greatest, or less than WG_REPLAY_WINDOW below it and not
// seen.
bool wg_replay_check(const wg_replay *r, uint64_t counter);
// Records a counter for which check was true.
void wg_replay_commit(wg_replay *r, uint64_t counter);

#endif
