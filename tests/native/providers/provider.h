// SPDX-License-Identifier: MIT
// Switches of the test's providers, and how often they were called.
#ifndef WG_TEST_PROVIDER_H
#define WG_TEST_PROVIDER_H

#include "../harness.h"
#include "wg_accel.h"

#define PROVIDER_WORKS 1
#define PROVIDER_LIES 2
#define PROVIDER_DECLINES 3

extern unsigned provider_calls, provider_claims;
extern bool provider_busy, provider_stuck;

#endif
