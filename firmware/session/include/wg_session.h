// SPDX-License-Identifier: MIT
// A transport session: the pair of keys that a handshake leaves, its counters and replay window.
// No IO, no allocation, no clock: the age of a session is the caller's business.
//
// A data message (paper section 5.4.6), little-endian: type 4 (1 byte), zeros (3), receiver's index
// (4), counter (8), sealed inner packet, tag (16).
#ifndef WG_SESSION_H
#define WG_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_limits.h"
#include "wg_replay.h"

typedef struct {
    uint8_t send_key[32], recv_key[32];
    uint64_t send_counter; // of the next message
    wg_replay replay;
    uint32_t local_index, remote_index;
    uint64_t created_ms;
    bool initiator, in_use;
} wg_session;

// Copies the keys; the caller wipes its own.
void wg_session_init(wg_session *s, const uint8_t send_key[32], const uint8_t recv_key[32],
                     uint32_t local_index, uint32_t remote_index, bool initiator, uint64_t now_ms);

// Seals the inner packet of inner_len bytes that lies at msg + WG_DATA_HEADER_BYTES: pads it with
// zeros to a multiple of 16, writes header and tag. msg holds inner_len + WG_DATA_OVERHEAD_BYTES +
// 15 bytes. Returns the message's bytes, or 0 when the session is not in use or its counters are
// used up.
size_t wg_session_seal(wg_session *s, uint8_t *msg, size_t inner_len);
// The same with the padding chosen by the caller, who may not pad beyond the MTU: padded_len is
// inner_len or more, and msg holds padded_len + WG_DATA_OVERHEAD_BYTES.
size_t wg_session_seal_padded(wg_session *s, uint8_t *msg, size_t inner_len, size_t padded_len);

// Opens a whole data message in place: header, counter limit, replay window, then the tag; only
// then the window moves. True: the padded inner packet of *inner_len bytes (0: a keepalive) is at
// msg + WG_DATA_HEADER_BYTES. False: msg, *inner_len and the session are unchanged.
bool wg_session_open(wg_session *s, uint8_t *msg, size_t len, size_t *inner_len);

// Makes the session unusable and its keys unreadable.
void wg_session_wipe(wg_session *s);

#endif
