/* SPDX-License-Identifier: MIT
 *
 * A WireGuard interface in lwIP: any socket reaches the tunnel through it. It owns the outer UDP
 * pcb, the queue of packets that wait for a handshake and the ring of handshake messages that wait
 * for Python; the rules are in firmware/session (wg_path.h).
 *
 * Every function must run under lwIP's lock (MICROPY_PY_LWIP_ENTER, the tcpip core lock …). The
 * wake callback runs in lwIP's context, so it may only schedule.
 */
#ifndef WG_NETIF_H
#define WG_NETIF_H

#include "lwip/dns.h"
#include "lwip/netif.h"
#include "lwip/udp.h"

#include "wg_path.h"

#ifndef WG_INTERFACES_MAX
#define WG_INTERFACES_MAX 2
#endif
#ifndef WG_STAGED_MAX
#define WG_STAGED_MAX 8 /* packets waiting for a handshake, each a pbuf of lwIP's heap */
#endif
#define WG_INBOX_MAX 4      /* handshake messages waiting for Python; 172 bytes each */
#define WG_MTU_DEFAULT 1420 /* bytes: fits IPv6 outside in a 1500-byte underlay */
#define WG_INNER_MAX_BYTES 1500

#define WG_NETIF_COUNTERS(X)                                                                       \
    X(staged_oldest)    /* a waiting packet gave way to a newer one */                             \
    X(staged_no_memory) /* lwIP's heap had no room to keep a packet */                             \
    X(staged_given_up)  /* waited for a handshake that was given up */                             \
    X(inbox_dropped)    /* handshake message while Python was WG_INBOX_MAX behind */               \
    X(drop_too_long)    /* outer datagram longer than any message we accept */                     \
    X(drop_from_tunnel) /* outer datagram that came through a tunnel */                            \
    X(drop_no_memory)   /* no pbuf for a received packet */                                        \
    X(drop_destination) /* authenticated, but for none of our addresses */                         \
    X(drop_out_long)    /* sent into the tunnel, longer than its MTU */                            \
    X(tx_no_endpoint)   /* sealed, but the peer's endpoint is not known */                         \
    X(tx_no_underlay)   /* no interface with an address towards the endpoint */                    \
    X(tx_no_memory)     /* no pbuf for the datagram, or no room to wait for ARP */                 \
    X(tx_error)         /* lwIP refused the datagram for another reason */

typedef struct {
#define WG_NETIF_COUNTER_FIELD(name) uint32_t name;
    WG_NETIF_COUNTERS(WG_NETIF_COUNTER_FIELD)
#undef WG_NETIF_COUNTER_FIELD
} wg_netif_counters;

typedef struct {
    wg_endpoint from;
    uint8_t len;
    bool is_awaited; /* answers a message of ours */
    uint8_t message[WG_HANDSHAKE_MAX_BYTES];
} wg_inbox_entry;

typedef struct {
    struct pbuf *packet; /* NULL = free */
    int16_t peer;
} wg_staged;

typedef enum {
    WG_RESOLVE_IDLE,
    WG_RESOLVE_PENDING,
    WG_RESOLVE_DONE,
    WG_RESOLVE_FAILED,
} wg_resolve_state;

typedef struct wg_netif {
    bool in_use;
    bool attached; /* part of lwIP's netif list */
    struct netif netif;
    struct udp_pcb *pcb;
    wg_path path;
    wg_netif_counters count;
    wg_inbox_entry inbox[WG_INBOX_MAX];
    uint8_t inbox_first, inbox_used;
    wg_staged staged[WG_STAGED_MAX]; /* [0] is the oldest */
    struct pbuf *icmp;               /* an error on its way to lwIP, or NULL */
    uint16_t mtu_wanted;             /* by the configuration; 0 = what the underlay has room for */
    wg_resolve_state resolve;
    ip_addr_t resolved;
    uint64_t clock_ms;         /* sys_now() without its wrap */
    uint16_t underlay_changes; /* addresses and links that came or went; wraps */
    void (*wake)(struct wg_netif *);
} wg_netif;

/* A free interface, or NULL. Not yet known to lwIP. */
wg_netif *wg_netif_new(void (*wake)(wg_netif *));

/* Leave lwIP, free every packet, wipe every key. */
void wg_netif_free(wg_netif *wg);

/* The i-th slot, in use or not; i < WG_INTERFACES_MAX. */
wg_netif *wg_netif_at(size_t i);

/* Monotonic milliseconds, from 1. Must be called at least once in 2^32 ms while a session lives. */
uint64_t wg_netif_now_ms(wg_netif *wg);

/* Bind the outer UDP port, 0 = any, on every underlay address of both families. */
err_t wg_netif_open(wg_netif *wg, uint16_t *port);

/* Join lwIP's interfaces. Addresses are added afterwards. mtu in bytes: the MTU is never more than
 * that, nor than what the underlay carries in one datagram; 0 asks for just the latter. */
err_t wg_netif_up(wg_netif *wg, uint16_t mtu);

/* What waits for a moment outside of lwIP's functions: to be called after each wake. */
void wg_netif_run(wg_netif *wg);

void wg_netif_down(wg_netif *wg);
err_t wg_netif_add_address(wg_netif *wg, const uint8_t *addr, unsigned addr_bytes,
                           unsigned prefix_bits);

/* Send one whole message, of the handshake or a keepalive, outside every tunnel. */
bool wg_netif_send(wg_netif *wg, const wg_endpoint *to, const uint8_t *message, size_t len);

/* Seal and send the packets that waited for this peer. Returns how many were sent. */
unsigned wg_netif_flush(wg_netif *wg, int peer);

/* Drop what waits for this peer: its handshake was given up. */
void wg_netif_drop_staged(wg_netif *wg, int peer);

/* wg_path_seal into the shared buffer, for the caller to copy: *message is valid until the next
 * call here. 0 = no usable session. */
size_t wg_netif_seal(wg_netif *wg, int peer, const uint8_t *inner, size_t inner_len,
                     const uint8_t **message);

/* The handshake message that is next, or NULL; wg_netif_inbox_pop removes it. What answers a
 * message of ours comes before all others, and these in the order in which they arrived: a flood of
 * initiations crowds no response out. */
const wg_inbox_entry *wg_netif_inbox(const wg_netif *wg);
void wg_netif_inbox_pop(wg_netif *wg);

/* Start to resolve a name, A before AAAA. The wake callback announces the end. */
void wg_netif_resolve(wg_netif *wg, const char *name);

/* The address found when wg->resolve is WG_RESOLVE_DONE; its port is 0. */
void wg_netif_resolved(const wg_netif *wg, wg_endpoint *found);

/* Longest AllowedIPs prefix that covers addr on this interface, in bits; -1 = none. */
int wg_netif_route_bits(const wg_netif *wg, const uint8_t *addr, unsigned addr_bytes);

bool wg_netif_is_tunnel(const struct netif *netif);

#endif
