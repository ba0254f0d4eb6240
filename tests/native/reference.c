// SPDX-License-Identifier: MIT
#include "reference.h"

#include "../../firmware/crypto/cores/blake2s/generic32.c"
#include "../../firmware/crypto/cores/chacha20/generic32.c"
#include "../../firmware/crypto/cores/chacha20poly1305/generic32.c"
#include "../../firmware/crypto/cores/poly1305/generic32.c"
#include "../../firmware/crypto/cores/x25519/generic32.c"
