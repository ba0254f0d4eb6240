// SPDX-License-Identifier: MIT
// Known answers and must-fails for each primitive in the implementation that is linked.
#ifndef WG_SELFTEST_H
#define WG_SELFTEST_H

#define WG_SELFTEST_BLAKE2S 1u
#define WG_SELFTEST_HKDF 2u
#define WG_SELFTEST_CHACHA20 4u
#define WG_SELFTEST_POLY1305 8u
#define WG_SELFTEST_AEAD 16u
#define WG_SELFTEST_XAEAD 32u
#define WG_SELFTEST_X25519 64u

// 0 when all is well, else the bits above of what failed: nothing may then be used.
unsigned wg_selftest(void);

#endif
