// SPDX-License-Identifier: MIT
// A provider of operations that a peripheral of the microcontroller may do faster than a core:
// X25519, BLAKE2s, randomness. Which provider is chosen at link time: WG_ACCEL=<its file> compiles
// it in and defines WG_ACCEL; without it no trace of this seam is in the code.
//
// The contract. A provider defines the five symbols below, each function of it
// - is synchronous: it returns with the work done, true, or declines, false, having written
// nothing;
//   it may decline any call (peripheral busy, its clock off, message too short to be worth it), and
//   the core then does the work. It waits for no interrupt and for no task;
// - is claimed: only operations whose bit is in wg_accel_claims are ever called;
// - is proven: wg_selftest calls it first, and only what it then did, rightly, is used from there
// on.
//   An operation with a wrong answer, or which it declined there, is left to the core;
// - may be called with lwIP's lock held and, BLAKE2s, from the interrupt that lwIP runs in, also
//   while it runs already: what cannot be entered twice declines the second time;
// - takes any alignment, keeps no secret in memory or in the peripheral after its return, and takes
//   time that does not depend on secrets. The self-test cannot see these: the provider's review
//   must.
// A provider is worth having when it beats the core in bench/ (docs/PERFORMANCE.md,
// "Accelerators").
#ifndef WG_ACCEL_H
#define WG_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WG_ACCEL_X25519 1u
#define WG_ACCEL_BLAKE2S 2u
#define WG_ACCEL_RANDOM 4u

// --- the provider's ---

// What it is called in reports; of the bits above, what it may do on this chip, asked at each
// self-test. A provider that has something to switch on does it here.
extern const char wg_accel_name[];
uint32_t wg_accel_claims(void);

// As wg_x25519_core: scalar is clamped, point NULL is 9, its top bit counts for nothing, out may be
// either. A result of all zeros is an answer too.
bool wg_accel_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);
// As wg_blake2s_core: nblocks may be 0.
bool wg_accel_blake2s(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                      uint32_t inc, uint32_t f0);
// len random bytes. They are only ever added to those of the port's own generator, so that a bad
// source cannot make them worse.
bool wg_accel_random(uint8_t *out, size_t len);

// --- ours ---

#ifdef WG_ACCEL
// Operations in use, and those that gave a wrong answer in the self-test.
extern uint32_t wg_accel_used, wg_accel_wrong;

// Asks the provider anew, and proves it against the linked cores; a part of wg_selftest.
void wg_accel_check(void);
// out ^= the provider's random bytes, when these are in use.
void wg_accel_mix(uint8_t *out, size_t len);
#endif

#endif
