/* SPDX-License-Identifier: MIT
 *
 * The data path of one WireGuard interface, without IO: given an inner packet or an outer datagram
 * and a clock, say what to do with it. The lwIP interface (firmware/netif) and the CPython build
 * used by the tests run this same code.
 *
 * Order on input (paper §5.4.6, kernel receive.c): index, age, counter, tag, replay window,
 * endpoint, inner source. Nothing is changed by a datagram that does not authenticate, except a
 * counter. Not reentrant: the caller serialises (lwIP lock).
 */
#ifndef WG_PATH_H
#define WG_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wg_allowedips.h"
#include "wg_limits.h"
#include "wg_peer.h"

#define WG_HANDSHAKE_MAX_BYTES WG_INITIATION_BYTES

/* Why a packet was dropped, or what it was: X(name). Exposed to Python under these names. */
#define WG_PATH_COUNTERS(X)                                                                        \
    X(rx_data)      /* authenticated, delivered */                                                 \
    X(rx_keepalive) /* authenticated, empty */                                                     \
    X(rx_handshake) /* types 1-3 of right length and mac1 */                                       \
    X(tx_data)                                                                                     \
    X(tx_keepalive)                                                                                \
    X(tx_staged)      /* no session yet: the caller keeps the packet */                            \
    X(drop_length)    /* too short, or a length that its type cannot have */                       \
    X(drop_type)      /* unknown type or non-zero reserved bytes */                                \
    X(drop_mac1)      /* not made for our public key */                                            \
    X(drop_index)     /* no session has this receiver index */                                     \
    X(drop_expired)   /* the session is older than REJECT_AFTER_TIME */                            \
    X(drop_replay)    /* counter seen before, or too old to tell */                                \
    X(drop_tag)       /* forged, or changed on its way */                                          \
    X(drop_inner)     /* authenticated, but not a well-formed IP packet */                         \
    X(drop_source)    /* authenticated, but inner source outside the peer's AllowedIPs */          \
    X(drop_no_route)  /* no peer's AllowedIPs cover the inner destination */                       \
    X(drop_out_inner) /* something other than an IP packet was sent into the tunnel */

typedef struct {
#define WG_PATH_COUNTER_FIELD(name) uint32_t name;
    WG_PATH_COUNTERS(WG_PATH_COUNTER_FIELD)
#undef WG_PATH_COUNTER_FIELD
} wg_path_counters;

typedef struct {
    uint16_t mtu_bytes;   /* padding never makes a packet longer than this; 0 = no limit */
    uint8_t mac1_key[32]; /* HASH("mac1----" || our public key), paper §5.4.4 */
    wg_peer *peers;       /* list in memory that the caller gave */
    wg_allowedips allowed;
    wg_path_counters count;
} wg_path;

typedef enum {
    WG_PATH_DROP = 0,
    /* input */
    WG_PATH_DELIVER = 1,   /* an inner packet for the IP stack */
    WG_PATH_KEEPALIVE = 2, /* authenticated and empty */
    WG_PATH_HANDSHAKE = 3, /* types 1-3, for the handshake layer */
    /* output */
    WG_PATH_SEND = 1,  /* a sealed message for the peer's endpoint */
    WG_PATH_STAGE = 2, /* no session: keep the packet, WANT_HANDSHAKE was raised */
} wg_path_verdict;

void wg_path_init(wg_path *path);

/* Wipes every peer as well. Their memory and that of path->allowed is the caller's again. */
void wg_path_wipe(wg_path *path);

/* Our own public key: needed to check mac1. */
void wg_path_set_identity(wg_path *path, const uint8_t public_key[32]);

/* Make a peer of `memory`, which must stay until the peer is removed, holds its sessions' keys
 * until then, and is wiped when it is the caller's again; returns its id, from 0.
 * There is no limit but memory: sizeof(wg_peer) each, and sizeof(wg_allowedip) for each prefix in
 * path->allowed (wg_allowedips_move). */
int wg_path_add_peer(wg_path *path, wg_peer *memory);

/* Wipes the peer and drops its AllowedIPs. Returns its memory, for the caller to free; NULL when
 * `peer` is not an id in use. */
wg_peer *wg_path_remove_peer(wg_path *path, int peer);

/* The peer, or NULL when `peer` is not an id in use. */
wg_peer *wg_path_peer(const wg_path *path, int peer);

/* Is this receiver index in use by any session of the interface? */
bool wg_path_has_index(const wg_path *path, uint32_t local_index);

/* Seal one inner packet. On entry it lies at message + WG_DATA_HEADER_BYTES, inner_len bytes, with
 * room for padding and tag (WG_DATA_OVERHEAD_BYTES + 15 in all). *peer says whose it is.
 * WG_PATH_SEND: *message_len bytes at message are to be sent to the peer's endpoint. */
wg_path_verdict wg_path_output(wg_path *path, uint8_t *message, size_t inner_len, uint64_t now_ms,
                               int *peer, size_t *message_len);

/* Seal for a known peer, past AllowedIPs: keepalives (inner_len 0) and staged packets.
 * Returns the length of the message, 0 when there is no usable session. */
size_t wg_path_seal(wg_path *path, int peer, uint8_t *message, size_t inner_len, uint64_t now_ms);

/* A handshake message has left for this endpoint: count it for the peer that lives there, and know
 * a reply to it. */
void wg_path_handshake_sent(wg_path *path, const wg_endpoint *to, const uint8_t *message,
                            size_t len);

/* Of a message with the verdict WG_PATH_HANDSHAKE: does it answer the last one sent to a peer? */
bool wg_path_is_awaited(const wg_path *path, const uint8_t *message);

/* Take one outer datagram, decrypted in place. WG_PATH_DELIVER: the inner packet is *inner_len
 * bytes at message + WG_DATA_HEADER_BYTES, trimmed to the length in its IP header. */
wg_path_verdict wg_path_input(wg_path *path, uint8_t *message, size_t len, const wg_endpoint *from,
                              uint64_t now_ms, int *peer, size_t *inner_len);

#endif
