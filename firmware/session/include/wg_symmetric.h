// SPDX-License-Identifier: MIT
//
// The symmetric half of a WireGuard handshake: chaining key, transcript hash and the key of the
// current message, as in the WireGuard paper §5.4.2-5.4.5 (Noise specification §5.2 calls it the
// SymmetricState). Everything here is secret except h. The order of the calls is the protocol, and
// lives in mpy/wireguard/core/noise.py; this file only knows one step at a time.
//
// No allocation, no IO. A state is 96 bytes; wipe it when the handshake ends, however it ends.
#ifndef WG_SYMMETRIC_H
#define WG_SYMMETRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_session.h"

#define WG_SYMMETRIC_TAG_BYTES 16

typedef struct {
    uint8_t ck[32]; // chaining key, C in the paper
    uint8_t h[32];  // transcript hash, H in the paper
    uint8_t k[32];  // key of the next seal or open; each key is used once, with nonce 0
} wg_symmetric;

// Start: ck = HASH(CONSTRUCTION), h = HASH(HASH(ck || prologue) || responder_public).
// WireGuard's prologue is IDENTIFIER, "WireGuard v1 zx2c4 Jason@zx2c4.com"; NULL means just that.
void wg_symmetric_init(wg_symmetric *s, const uint8_t responder_public[32], const uint8_t *prologue,
                       size_t prologue_len);

// h = HASH(h || data)
void wg_symmetric_mix_hash(wg_symmetric *s, const uint8_t *data, size_t len);

// ck = KDF1(ck, data): the public ephemeral keys
void wg_symmetric_mix_key(wg_symmetric *s, const uint8_t *data, size_t len);

// (ck, k) = KDF2(ck, DH(scalar, point)). False, and the state unusable (wiped), when the shared
// secret is all zero: the peer sent a point of low order.
bool wg_symmetric_mix_dh(wg_symmetric *s, const uint8_t scalar[32], const uint8_t point[32]);

// (ck, t, k) = KDF3(ck, psk), h = HASH(h || t). NULL is the all-zero preshared key.
void wg_symmetric_mix_psk(wg_symmetric *s, const uint8_t *psk);

// dst = AEAD(k, 0, src, h), len + 16 bytes; then h = HASH(h || dst). dst may equal src.
void wg_symmetric_seal(wg_symmetric *s, uint8_t *dst, const uint8_t *src, size_t len);

// The reverse: len includes the tag, dst takes len - 16 bytes and may equal src. False on a
// forgery: dst is not written and the state is unchanged.
bool wg_symmetric_open(wg_symmetric *s, uint8_t *dst, const uint8_t *src, size_t len);

// Transport keys, paper §5.4.5: the initiator sends with the first. Wipes the state.
void wg_symmetric_split(wg_symmetric *s, wg_session *session, bool initiator, uint32_t local_index,
                        uint32_t remote_index, uint64_t now_ms);

void wg_symmetric_wipe(wg_symmetric *s);

#endif
