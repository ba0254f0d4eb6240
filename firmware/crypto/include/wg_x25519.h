// SPDX-License-Identifier: MIT
// X25519 (RFC 7748 section 5), WireGuard's DH. Keys are 32 little-endian bytes.
//
// Implementations of wg_x25519_core | runs on             | cycles (base point), stack, code
//   cores/x25519/generic32.c        | any C11             | M0+ 10.8 M (9.6 M), 720 B, 3.5 KB
//                                   |                     | M3 7.5 M, M4, M33 1.7 M (1.5 M), 2.7 KB
//   cores/x25519/armv7em.S          | M4, M7, M33 (UMAAL) | 438 k (403 k), 384 B, 2.8 KB
//   cores/x25519/armv6m.S           | M0, M0+, M3         | 3.10 M (2.78 M), 548 B, 4.9 KB
//   cores/x25519/xtensa.c           | Xtensa LX6, LX7     | 2.55 M (2.34 M) instructions, 784 B
// Counted by bench/.
#ifndef WG_X25519_H
#define WG_X25519_H

#include <stdbool.h>
#include <stdint.h>

#define WG_X25519_BYTES 32

// out = scalar * point. A copy of scalar is clamped, the top bit of point is ignored. Returns false
// when the result is all zero, that is when point has a small order: the handshake must then fail
// (RFC 7748 section 6.1); out is written all the same. out may be scalar or point.
bool wg_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32]);

// The public key of a private key: out = scalar * 9. out may be scalar.
void wg_x25519_base(uint8_t out[32], const uint8_t scalar[32]);

// Core, defined by exactly one file of cores/x25519. scalar is clamped already; point NULL means
// the base point u = 9, for which a core may take a shorter way. out may be scalar or point.
void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point);

#endif
