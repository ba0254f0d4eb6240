// SPDX-License-Identifier: MIT
// Known answers and must-fails for each primitive in the implementation that is linked. Its cost is
// one X25519 and little more: docs/PERFORMANCE.md, "The self-test".
#ifndef WG_SELFTEST_H
#define WG_SELFTEST_H

#include <stdbool.h>

#define WG_SELFTEST_BLAKE2S 1u
#define WG_SELFTEST_HKDF 2u
#define WG_SELFTEST_CHACHA20 4u
#define WG_SELFTEST_POLY1305 8u
#define WG_SELFTEST_AEAD 16u
#define WG_SELFTEST_XAEAD 32u
#define WG_SELFTEST_X25519 64u

// 0 when all is well, else the bits above of what failed: nothing may then be used. With
// WG_FALLBACK a tuned core that fails is replaced by the generic one here, and no failure when that
// passes. With WG_ACCEL the accelerator is tried too, which cannot fail: what is wrong is not used.
unsigned wg_selftest(void);

// Line `number` of a report for people, false behind the last one. failed: what wg_selftest said.
// text: primitive; implementation that runs; "passed", "failed" or "replaced" (the generic core
// runs), and for an accelerator's "used", "refused" (wrong answers) or "declined".
bool wg_selftest_report(unsigned number, unsigned failed, const char *text[3]);

#endif
