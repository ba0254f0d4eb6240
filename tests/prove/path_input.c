/* SPDX-License-Identifier: MIT
 *
 * wg_path_input on every datagram of 0 to LEN_MAX bytes, in every state of the interface that has
 * at most PEERS peers; then what firmware/netif does to a packet that is delivered. With it:
 * wg_session_open, wg_replay_*, wg_peer_*, wg_ip_*. */
#include "stubs.h"
#include "wg_ip.h"
#include "wg_path.h"

static wg_path path;
static wg_peer peers[PEERS];

wg_path nondet_path(void);
wg_peer nondet_peer(void);
int nondet_peer_id(void);
wg_endpoint nondet_endpoint(void);
uint8_t nondet_tos(void);

static bool is_endpoint(const wg_endpoint *e) {
    return e->addr_bytes == 0 || e->addr_bytes == WG_IPV4_BYTES || e->addr_bytes == WG_IPV6_BYTES;
}

/* The clock does not go back, and 2^63 bytes have not been counted yet. */
static void make_peers(uint64_t now_ms) {
    path.peers = NULL;
    for (unsigned i = 0; i < PEERS; i++) {
        wg_peer *p = &peers[i];
        *p = nondet_peer();
        __CPROVER_assume(p->id >= 0 && is_endpoint(&p->endpoint) && p->rx_bytes >> 63 == 0);
        __CPROVER_assume(p->previous.created_ms <= now_ms && p->current.created_ms <= now_ms);
        __CPROVER_assume(p->next.created_ms <= now_ms && p->wanted_ms <= now_ms);
        if (nondet_bool()) {
            p->following = path.peers;
            path.peers = p;
        }
    }
}

/* A proof of its own: allowedips.c. */
int wg_allowedips_lookup(const wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes) {
    (void)table;
    __CPROVER_assert(addr_bytes == WG_IPV4_BYTES || addr_bytes == WG_IPV6_BYTES, "a family");
    __CPROVER_assert(__CPROVER_r_ok(addr, addr_bytes), "addr may be read");
    return nondet_peer_id();
}

int main(void) {
    size_t len = nondet_size(), inner_len;
    int peer;
    uint64_t now_ms = nondet_time();
    wg_endpoint from = nondet_endpoint();
    __CPROVER_assume(len <= LEN_MAX && is_endpoint(&from));
    path = nondet_path();
    make_peers(now_ms);
    uint8_t *message = any_datagram(len);
    wg_path_verdict verdict = wg_path_input(&path, message, len, &from, now_ms, &peer, &inner_len);
    if (verdict == WG_PATH_DELIVER) {
        __CPROVER_assert(inner_len != 0 && inner_len <= len - WG_DATA_OVERHEAD_BYTES,
                         "the inner packet lies inside the datagram, before its tag");
        __CPROVER_assert(wg_path_peer(&path, peer) != NULL, "it is a peer's");
        wg_ip_carry_congestion(message + WG_DATA_HEADER_BYTES, inner_len, nondet_tos());
    } else {
        if (verdict == WG_PATH_HANDSHAKE) {
            (void)wg_path_is_awaited(&path, message);
        }
        __CPROVER_assert(inner_len == 0, "nothing to deliver");
    }
    return 0;
}
