/* SPDX-License-Identifier: MIT
 *
 * One peer as the data path sees it: its three sessions and their rotation, its endpoint, and the
 * time stamps from which the Python timers work.
 *
 * Rotation (kernel and paper §5.1 "transport data"): an initiator's new session becomes `current`
 * at once; a responder's waits as `next` until the first authenticated packet proves that the
 * initiator has it. `previous` still opens late packets.
 *
 * Time stamps are milliseconds of one monotonic clock that starts at 1 or later; 0 means "never".
 */
#ifndef WG_PEER_H
#define WG_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_session.h"

#define WG_ENDPOINT_ADDR_BYTES 16

typedef struct {
    uint8_t addr[WG_ENDPOINT_ADDR_BYTES]; /* network order */
    uint8_t addr_bytes;                   /* 4, 16; 0 = unknown */
    uint16_t port;                        /* host order */
} wg_endpoint;

/* Events for the handshake layer, cleared when it takes them. */
#define WG_EVENT_WANT_HANDSHAKE 1u /* no usable session, or it is old or much used */
#define WG_EVENT_CONFIRMED 2u      /* the responder's `next` became `current` */
#define WG_EVENT_ACTIVITY 4u       /* a time stamp was set while no timer was armed */

typedef struct wg_peer {
    struct wg_peer *following; /* in the list of the interface */
    int16_t id;
    bool armed;               /* a timer will read the stamps within 10 s: no ACTIVITY events */
    uint8_t events;           /* WG_EVENT_* */
    uint8_t endpoint_changed; /* counts changes by authenticated packets, wraps */
    uint32_t awaited_index;   /* what a reply to our handshake message would name; 0 = none */
    wg_endpoint endpoint;
    wg_session previous, current, next;
    uint64_t wanted_ms;           /* when WANT_HANDSHAKE was last raised */
    uint64_t unanswered_since_ms; /* first data sent since the last authenticated receive */
    uint64_t unacked_since_ms;    /* first data received since the last authenticated send */
    uint64_t last_sent_ms, last_received_ms; /* authenticated packets, keepalives included */
    uint64_t rx_bytes, tx_bytes;             /* whole messages, of the handshake too */
} wg_peer;

/* Add a session after a handshake by the rules above. `session` is moved: the source is wiped. */
void wg_peer_install(wg_peer *peer, wg_session *session);

/* Wipe all three sessions (key expiry, removal). */
void wg_peer_wipe_sessions(wg_peer *peer);

/* The session that may send at now_ms, or NULL. */
wg_session *wg_peer_sending_session(wg_peer *peer, uint64_t now_ms);

/* The session with this local index, or NULL. */
wg_session *wg_peer_find_session(wg_peer *peer, uint32_t local_index);

/* Raise WANT_HANDSHAKE, at most once in WG_REKEY_TIMEOUT_MS. */
void wg_peer_want_handshake(wg_peer *peer, uint64_t now_ms);

/* Bookkeeping after a sealed or an opened packet. message_bytes: the whole transport message. */
void wg_peer_sent(wg_peer *peer, const wg_session *session, size_t message_bytes, bool is_data,
                  uint64_t now_ms);
void wg_peer_received(wg_peer *peer, wg_session *session, size_t message_bytes, bool is_data,
                      uint64_t now_ms);

#endif
