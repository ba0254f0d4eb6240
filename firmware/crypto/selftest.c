// SPDX-License-Identifier: MIT
#include "wg_selftest.h"

#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_hkdf.h"
#include "wg_util.h"
#include "wg_x25519.h"

// TODO filled in below
unsigned wg_selftest(void) {
    return 0;
}
