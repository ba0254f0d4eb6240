/* SPDX-License-Identifier: MIT
 *
 * Outer datagrams: to the underlay, and from it.
 */
#include <string.h>

#include "lwip/ip.h"

#include "wg_inside.h"
#include "wg_ip.h"
#include "wg_route.h"
#include "wg_util.h"

uint8_t wg_message_buffer[WG_MESSAGE_MAX_BYTES] __attribute__((aligned(8)));

/* ---- out ---- */

static bool count_send_error(wg_netif *wg, err_t err) {
    if (err == ERR_MEM || err == ERR_BUF) {
        wg->count.tx_no_memory++;
    } else if (err != ERR_OK) {
        wg->count.tx_error++;
    }
    return err == ERR_OK;
}

/* The message where it lies: lwIP takes room for the headers from its heap. Or NULL. */
static struct pbuf *lent(const uint8_t *message, size_t len) {
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_REF);
    if (p != NULL) {
        p->payload = (void *)(uintptr_t)message;
    }
    return p;
}

/* A copy with room for the headers, in the buffers for received packets. Or NULL. */
static struct pbuf *copied(const uint8_t *message, size_t len) {
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_POOL);
    if (p != NULL) {
        (void)pbuf_take(p, message, (u16_t)len);
    }
    return p;
}

static err_t send_and_free(wg_netif *wg, struct pbuf *p, const ip_addr_t *addr, u16_t port,
                           struct netif *underlay) {
    if (p == NULL) {
        return ERR_MEM;
    }
    err_t err = udp_sendto_if(wg->pcb, p, addr, port, underlay);
    pbuf_free(p);
    return err;
}

bool wg_outer_send(wg_netif *wg, const wg_endpoint *to, const uint8_t *message, size_t len,
                   uint8_t tos) {
    ip_addr_t addr;
    if (wg->pcb == NULL || !wg_address_to_lwip(&addr, to->addr, to->addr_bytes)) {
        wg->count.tx_no_endpoint++;
        return false;
    }
    struct netif *underlay = wg_route_underlay(&addr);
    if (underlay == NULL) {
        wg->count.tx_no_underlay++;
        return false;
    }
#if LWIP_IPV6
    if (IP_IS_V6(&addr)) {
        ip6_addr_assign_zone(ip_2_ip6(&addr), IP6_UNICAST, underlay);
    }
#endif
    wg->pcb->tos = tos;
    err_t err = send_and_free(wg, lent(message, len), &addr, to->port, underlay);
    /* TCP in the tunnel can fill lwIP's heap with what is not acknowledged yet. If that could not
     * be sent again for want of memory, the heap would stay full. */
    if (err == ERR_MEM) {
        err = send_and_free(wg, copied(message, len), &addr, to->port, underlay);
    }
    return count_send_error(wg, err);
}

bool wg_netif_send(wg_netif *wg, const wg_endpoint *to, const uint8_t *message, size_t len) {
    bool is_data = len >= sizeof(uint32_t) && wg_load32(message) == WG_MESSAGE_DATA;
    bool sent = wg_outer_send(wg, to, message, len, is_data ? 0 : WG_HANDSHAKE_TOS);
    if (sent && !is_data) {
        wg_path_handshake_sent(&wg->path, to, message, len);
    }
    return sent;
}

size_t wg_netif_seal(wg_netif *wg, int peer, const uint8_t *inner, size_t inner_len,
                     const uint8_t **message) {
    if (inner_len > WG_INNER_MAX_BYTES) {
        return 0;
    }
    memcpy(wg_message_buffer + WG_DATA_HEADER_BYTES, inner, inner_len);
    *message = wg_message_buffer;
    return wg_path_seal(&wg->path, peer, wg_message_buffer, inner_len, wg_netif_now_ms(wg));
}

/* ---- handshake messages wait for Python ---- */

static wg_inbox_entry *inbox_at(wg_netif *wg, unsigned place) {
    return &wg->inbox[(wg->inbox_first + place) % WG_INBOX_MAX];
}

/* A place at the end, or at the front for what answers us: there, if need be, the newest of the
 * others gives its place up. NULL: there is none. */
static wg_inbox_entry *inbox_place(wg_netif *wg, bool is_awaited) {
    if (wg->inbox_used == WG_INBOX_MAX) {
        wg->count.inbox_dropped++;
        if (!is_awaited || inbox_at(wg, WG_INBOX_MAX - 1)->is_awaited) {
            return NULL;
        }
        wg->inbox_used--;
    }
    wg->inbox_used++;
    if (!is_awaited) {
        return inbox_at(wg, wg->inbox_used - 1u);
    }
    wg->inbox_first = (uint8_t)((wg->inbox_first + WG_INBOX_MAX - 1) % WG_INBOX_MAX);
    return inbox_at(wg, 0);
}

static void push_inbox(wg_netif *wg, const wg_endpoint *from, const uint8_t *message, size_t len) {
    bool is_awaited = wg_path_is_awaited(&wg->path, message);
    wg_inbox_entry *e = inbox_place(wg, is_awaited);
    if (e == NULL) {
        return;
    }
    e->from = *from;
    e->len = (uint8_t)len;
    e->is_awaited = is_awaited;
    memcpy(e->message, message, len);
    wg->wake(wg);
}

const wg_inbox_entry *wg_netif_inbox(const wg_netif *wg) {
    return wg->inbox_used == 0 ? NULL : &wg->inbox[wg->inbox_first];
}

void wg_netif_inbox_pop(wg_netif *wg) {
    wg->inbox_first = (uint8_t)((wg->inbox_first + 1) % WG_INBOX_MAX);
    wg->inbox_used--;
}

/* ---- in ---- */

/* Full-size datagrams come in several pbufs where lwIP's pool buffers are small: copy these into
 * the one buffer. A datagram in one piece is opened where it lies. */
static uint8_t *contiguous(struct pbuf *datagram) {
    if (datagram->next == NULL) {
        return datagram->payload;
    }
    pbuf_copy_partial(datagram, wg_message_buffer, datagram->tot_len, 0);
    return wg_message_buffer;
}

/* The opened packet as a pbuf: the datagram's own where it was opened in place. Takes over
 * `datagram` in any case. */
static struct pbuf *inner_packet(struct pbuf *datagram, size_t inner_len) {
    if (datagram->next == NULL) {
        pbuf_remove_header(datagram, WG_DATA_HEADER_BYTES);
        pbuf_realloc(datagram, (u16_t)inner_len);
        return datagram;
    }
    pbuf_free(datagram); /* first: its buffers are what the new packet may need */
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)inner_len, PBUF_POOL);
    if (packet != NULL) {
        pbuf_take(packet, wg_message_buffer + WG_DATA_HEADER_BYTES, (u16_t)inner_len);
    }
    return packet;
}

static uint8_t received_tos(void) {
#if LWIP_IPV6
    if (ip_current_is_v6()) {
        return (uint8_t)IP6H_TC(ip6_current_header());
    }
#endif
    return IPH_TOS(ip4_current_header());
}

static void take_opened(wg_netif *wg, struct pbuf *datagram, uint8_t *message, size_t inner_len) {
    wg_ip_carry_congestion(message + WG_DATA_HEADER_BYTES, inner_len, received_tos());
    struct pbuf *packet = inner_packet(datagram, inner_len);
    if (packet == NULL) {
        wg->count.drop_no_memory++;
    } else {
        wg_inner_deliver(wg, packet);
    }
}

/* False, and counted: nothing to open. */
static bool is_acceptable(wg_netif *wg, const struct pbuf *datagram) {
    if (wg_netif_is_tunnel(ip_current_input_netif())) {
        wg->count.drop_from_tunnel++;
        return false;
    }
    if (datagram->tot_len > sizeof wg_message_buffer) {
        wg->count.drop_too_long++;
        return false;
    }
    return true;
}

void wg_outer_receive(void *arg, struct udp_pcb *pcb, struct pbuf *datagram, const ip_addr_t *addr,
                      u16_t port) {
    wg_netif *wg = arg;
    LWIP_UNUSED_ARG(pcb);
    if (!is_acceptable(wg, datagram)) {
        pbuf_free(datagram);
        return;
    }
    wg_endpoint from;
    int peer;
    size_t len = datagram->tot_len, inner_len;
    uint8_t *message = contiguous(datagram);
    wg_endpoint_from_lwip(&from, addr, port);
    wg_path_verdict verdict =
        wg_path_input(&wg->path, message, len, &from, wg_netif_now_ms(wg), &peer, &inner_len);
    if (verdict == WG_PATH_HANDSHAKE) {
        push_inbox(wg, &from, message, len);
    }
    wg_netif_wake_if_events(wg, peer);
    if (verdict == WG_PATH_DELIVER) {
        take_opened(wg, datagram, message, inner_len);
    } else {
        pbuf_free(datagram);
    }
}
