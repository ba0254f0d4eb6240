/* SPDX-License-Identifier: MIT
 * What the proofs of the replay window share: CBMC's makers of any value. */
#ifndef PROVE_REPLAY_H
#define PROVE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "wg_replay.h"

bool nondet_bool(void);
uint64_t nondet_counter(void);
wg_replay nondet_replay(void);

#endif
