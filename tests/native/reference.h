// SPDX-License-Identifier: MIT
// The portable cores under other names: what a tuned core is compared with, and what is found in
// the same image. reference.c makes them from the very files.
#ifndef WG_TEST_REFERENCE_H
#define WG_TEST_REFERENCE_H

#define wg_blake2s_core reference_blake2s_core
#define wg_chacha20_core reference_chacha20_core
#define wg_poly1305_core reference_poly1305_core
#define wg_chacha20poly1305_core reference_chacha20poly1305_core
#define wg_x25519_core reference_x25519_core

#endif
