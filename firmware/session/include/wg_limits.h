// SPDX-License-Identifier: MIT
// The constants of the protocol. "paper" is J. A. Donenfeld, WireGuard: Next Generation Kernel
// Network Tunnel, section 6.1 unless another is named; "kernel" is Linux's drivers/net/wireguard.
#ifndef WG_LIMITS_H
#define WG_LIMITS_H

#include <stdint.h>

// Message types and sizes, paper section 5.4.
#define WG_MESSAGE_INITIATION 1
#define WG_MESSAGE_RESPONSE 2
#define WG_MESSAGE_COOKIE_REPLY 3
#define WG_MESSAGE_DATA 4
#define WG_INITIATION_BYTES 148
#define WG_RESPONSE_BYTES 92
#define WG_COOKIE_REPLY_BYTES 64
#define WG_DATA_HEADER_BYTES 16
#define WG_DATA_OVERHEAD_BYTES 32 // header and tag
#define WG_PADDING_BYTES 16       // inner packets are padded to a multiple, paper section 5.4.6

// Life of a session.
#define WG_REKEY_AFTER_MESSAGES (UINT64_C(1) << 60)
#define WG_REJECT_AFTER_MESSAGES (UINT64_MAX - (UINT64_C(1) << 13)) // paper: 2^64 - 2^13 - 1
#define WG_REKEY_AFTER_TIME_MS 120000u
#define WG_REJECT_AFTER_TIME_MS 180000u
#define WG_WIPE_AFTER_TIME_MS (3 * WG_REJECT_AFTER_TIME_MS) // paper section 6.3

// Handshake and keepalive timers.
#define WG_REKEY_TIMEOUT_MS 5000u
#define WG_REKEY_TIMEOUT_JITTER_MAX_MS 334u // kernel: a third of a second
#define WG_REKEY_ATTEMPT_TIME_MS 90000u
#define WG_KEEPALIVE_TIMEOUT_MS 10000u
#define WG_NEW_HANDSHAKE_TIMEOUT_MS (WG_KEEPALIVE_TIMEOUT_MS + WG_REKEY_TIMEOUT_MS)
// The receiver's early rekey: 180 - 10 - 5 s, paper section 6.2.
#define WG_REKEY_AFTER_TIME_RECEIVING_MS                                                           \
    (WG_REJECT_AFTER_TIME_MS - WG_KEEPALIVE_TIMEOUT_MS - WG_REKEY_TIMEOUT_MS)
#define WG_COOKIE_SECRET_MAX_AGE_MS 120000u
#define WG_INITIATION_INTERVAL_MIN_MS 20u // kernel: at most 50 initiations a second from a peer

#endif
