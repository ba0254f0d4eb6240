// SPDX-License-Identifier: MIT
#include "reference.h"

#define wg_blake2s_core reference_blake2s_core
#define wg_chacha20_core reference_chacha20_core
#define wg_poly1305_core reference_poly1305_core
#define wg_chacha20poly1305_core reference_chacha20poly1305_core
#define wg_x25519_core reference_x25519_core

#include "../../firmware/crypto/cores/blake2s/generic32.c"
#include "../../firmware/crypto/cores/chacha20/generic32.c"
#include "../../firmware/crypto/cores/chacha20poly1305/generic32.c"
#include "../../firmware/crypto/cores/poly1305/generic32.c"
#include "../../firmware/crypto/cores/x25519/generic32.c"
