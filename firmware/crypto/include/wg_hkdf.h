// SPDX-License-Identifier: MIT
// HMAC-BLAKE2s (RFC 2104) and WireGuard's key derivation (paper section 5.4: Kdf1, Kdf2, Kdf3,
// which is HKDF of RFC 5869 with an empty info). Cost of one HMAC: 3 BLAKE2s blocks and 1 for each
// 64 bytes of input. Kdf n takes one of them, 2 blocks for its result's padded forms, and 2 n.
#ifndef WG_HKDF_H
#define WG_HKDF_H

#include <stddef.h>
#include <stdint.h>

// Any keylen; a key above 64 bytes is hashed first. out may overlap key or in.
void wg_hmac_blake2s(uint8_t out[32], const uint8_t *key, size_t keylen, const void *in,
                     size_t inlen);

// t1 (t2, t3) = Kdf1 (Kdf2, Kdf3) of (ck, in). Outputs may be ck or in themselves, not each other.
// in may be NULL when inlen is 0.
void wg_kdf1(uint8_t t1[32], const uint8_t ck[32], const void *in, size_t inlen);
void wg_kdf2(uint8_t t1[32], uint8_t t2[32], const uint8_t ck[32], const void *in, size_t inlen);
void wg_kdf3(uint8_t t1[32], uint8_t t2[32], uint8_t t3[32], const uint8_t ck[32], const void *in,
             size_t inlen);

#endif
