/* SPDX-License-Identifier: MIT */
#include "wg_netif.h"

#include <string.h>

#include "lwip/ip.h"
#include "lwip/sys.h"

#include "wg_route.h"
#include "wg_util.h"

#define MESSAGE_MAX_BYTES (WG_INNER_MAX_BYTES + WG_DATA_OVERHEAD_BYTES + WG_PADDING_BYTES)

static wg_netif interfaces[WG_INTERFACES_MAX];

/* One for all interfaces and both directions: everything here runs under lwIP's lock, and a packet
 * has left the buffer before the next can enter it. Aligned so that tuned cores may load words. */
static uint8_t message_buffer[MESSAGE_MAX_BYTES] __attribute__((aligned(8)));

wg_netif *wg_netif_at(size_t i) {
    return &interfaces[i];
}

#if LWIP_NETIF_EXT_STATUS_CALLBACK
NETIF_DECLARE_EXT_CALLBACK(underlay_callback)

/* DHCP is done, a cable is in: what could not be sent can go now instead of at the next retry. */
static void underlay_changed(struct netif *netif, netif_nsc_reason_t reason,
                             const netif_ext_callback_args_t *args) {
    LWIP_UNUSED_ARG(reason);
    LWIP_UNUSED_ARG(args);
    for (size_t i = 0; i < WG_INTERFACES_MAX && !wg_netif_is_tunnel(netif); i++) {
        if (interfaces[i].pcb != NULL) {
            interfaces[i].wake(&interfaces[i]);
        }
    }
}

static void watch_underlay(void) {
    netif_remove_ext_callback(&underlay_callback); /* once is enough, and twice would loop */
    netif_add_ext_callback(&underlay_callback, underlay_changed);
}
#else
static void watch_underlay(void) {}
#endif

wg_netif *wg_netif_new(void (*wake)(wg_netif *)) {
    for (size_t i = 0; i < WG_INTERFACES_MAX; i++) {
        wg_netif *wg = &interfaces[i];
        if (!wg->in_use) {
            memset(wg, 0, sizeof *wg);
            wg_path_init(&wg->path);
            wg->in_use = true;
            wg->wake = wake;
            wg->clock_ms = (uint64_t)sys_now() + 1;
            watch_underlay();
            return wg;
        }
    }
    return NULL;
}

uint64_t wg_netif_now_ms(wg_netif *wg) {
    wg->clock_ms += (uint32_t)(sys_now() + 1 - (uint32_t)wg->clock_ms);
    return wg->clock_ms;
}

static void wake_if_events(wg_netif *wg, int peer) {
    const wg_peer *p = wg_path_peer(&wg->path, peer);
    if (p != NULL && p->events != 0) {
        wg->wake(wg);
    }
}

/* ---- endpoints ---- */

static bool address_to_lwip(ip_addr_t *to, const uint8_t *addr, unsigned addr_bytes) {
    if (addr_bytes == WG_IPV4_BYTES) {
        ip_addr_set_zero_ip4(to);
        memcpy(&ip_2_ip4(to)->addr, addr, WG_IPV4_BYTES);
        return true;
    }
#if LWIP_IPV6
    if (addr_bytes == WG_IPV6_BYTES) {
        ip_addr_set_zero_ip6(to);
        memcpy(ip_2_ip6(to)->addr, addr, WG_IPV6_BYTES);
        return true;
    }
#endif
    return false;
}

static void endpoint_from_lwip(wg_endpoint *to, const ip_addr_t *addr, u16_t port) {
    memset(to, 0, sizeof *to);
    to->port = port;
#if LWIP_IPV6
    if (IP_IS_V6(addr)) {
        to->addr_bytes = WG_IPV6_BYTES;
        memcpy(to->addr, ip_2_ip6(addr)->addr, WG_IPV6_BYTES);
        return;
    }
#endif
    to->addr_bytes = WG_IPV4_BYTES;
    memcpy(to->addr, &ip_2_ip4(addr)->addr, WG_IPV4_BYTES);
}

/* ---- out ---- */

bool wg_netif_send(wg_netif *wg, const wg_endpoint *to, const uint8_t *message, size_t len) {
    ip_addr_t addr;
    if (wg->pcb == NULL || !address_to_lwip(&addr, to->addr, to->addr_bytes)) {
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
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_REF);
    if (p == NULL) {
        wg->count.drop_no_memory++;
        return false;
    }
    p->payload = (void *)(uintptr_t)message;
    err_t err = udp_sendto_if(wg->pcb, p, &addr, to->port, underlay);
    pbuf_free(p);
    if (err != ERR_OK) {
        wg->count.tx_error++;
    }
    return err == ERR_OK;
}

static void drop_staged(wg_netif *wg, size_t i) {
    pbuf_free(wg->staged[i].packet);
    memmove(&wg->staged[i], &wg->staged[i + 1], (WG_STAGED_MAX - 1 - i) * sizeof wg->staged[0]);
    wg->staged[WG_STAGED_MAX - 1].packet = NULL;
}

static void drop_all_staged(wg_netif *wg) {
    while (wg->staged[0].packet != NULL) {
        drop_staged(wg, 0);
    }
}

void wg_netif_drop_staged(wg_netif *wg, int peer) {
    for (size_t i = 0; i < WG_STAGED_MAX && wg->staged[i].packet != NULL;) {
        if (wg->staged[i].peer == peer) {
            drop_staged(wg, i);
            wg->count.staged_dropped++;
        } else {
            i++;
        }
    }
}

/* lwIP may go on to use its packet (TCP retransmits it), so a copy waits. */
static void stage(wg_netif *wg, int peer, struct pbuf *packet) {
    struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
    if (copy == NULL) {
        wg->count.staged_dropped++;
        return;
    }
    if (wg->staged[WG_STAGED_MAX - 1].packet != NULL) {
        drop_staged(wg, 0);
        wg->count.staged_dropped++;
    }
    size_t i = 0;
    while (wg->staged[i].packet != NULL) {
        i++;
    }
    wg->staged[i] = (wg_staged){copy, (int16_t)peer};
}

unsigned wg_netif_flush(wg_netif *wg, int peer) {
    unsigned sent = 0;
    for (size_t i = 0; i < WG_STAGED_MAX && wg->staged[i].packet != NULL;) {
        struct pbuf *packet = wg->staged[i].packet;
        if (wg->staged[i].peer != peer) {
            i++;
            continue;
        }
        pbuf_copy_partial(packet, message_buffer + WG_DATA_HEADER_BYTES, packet->tot_len, 0);
        size_t len =
            wg_path_seal(&wg->path, peer, message_buffer, packet->tot_len, wg_netif_now_ms(wg));
        if (len == 0) {
            break;
        }
        sent += wg_netif_send(wg, &wg_path_peer(&wg->path, peer)->endpoint, message_buffer, len);
        drop_staged(wg, i);
    }
    wake_if_events(wg, peer);
    return sent;
}

size_t wg_netif_seal(wg_netif *wg, int peer, const uint8_t *inner, size_t inner_len,
                     const uint8_t **message) {
    if (inner_len > WG_INNER_MAX_BYTES) {
        return 0;
    }
    memcpy(message_buffer + WG_DATA_HEADER_BYTES, inner, inner_len);
    *message = message_buffer;
    return wg_path_seal(&wg->path, peer, message_buffer, inner_len, wg_netif_now_ms(wg));
}

static err_t output(struct netif *netif, struct pbuf *packet) {
    wg_netif *wg = netif->state;
    int peer;
    size_t len;
    if (packet->tot_len > WG_INNER_MAX_BYTES) {
        return ERR_VAL;
    }
    pbuf_copy_partial(packet, message_buffer + WG_DATA_HEADER_BYTES, packet->tot_len, 0);
    wg_path_verdict verdict = wg_path_output(&wg->path, message_buffer, packet->tot_len,
                                             wg_netif_now_ms(wg), &peer, &len);
    if (verdict == WG_PATH_SEND) {
        wg_netif_send(wg, &wg_path_peer(&wg->path, peer)->endpoint, message_buffer, len);
    } else if (verdict == WG_PATH_STAGE) {
        stage(wg, peer, packet);
    }
    wake_if_events(wg, peer);
    /* A packet lost in the tunnel is lost silently, as on any network; no route is an error. */
    return peer == WG_NO_PEER ? ERR_RTE : ERR_OK;
}

static err_t output_ip4(struct netif *netif, struct pbuf *packet, const ip4_addr_t *dest) {
    LWIP_UNUSED_ARG(dest);
    return output(netif, packet);
}

#if LWIP_IPV6
static err_t output_ip6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *dest) {
    LWIP_UNUSED_ARG(dest);
    return output(netif, packet);
}
#endif

/* ---- in ---- */

static void push_inbox(wg_netif *wg, const wg_endpoint *from, const uint8_t *message, size_t len) {
    if (wg->inbox_used == WG_INBOX_MAX) {
        wg->count.inbox_dropped++;
        return;
    }
    wg_inbox_entry *e = &wg->inbox[(wg->inbox_first + wg->inbox_used) % WG_INBOX_MAX];
    e->from = *from;
    e->len = (uint8_t)len;
    memcpy(e->message, message, len);
    wg->inbox_used++;
    wg->wake(wg);
}

const wg_inbox_entry *wg_netif_inbox(const wg_netif *wg) {
    return wg->inbox_used == 0 ? NULL : &wg->inbox[wg->inbox_first];
}

void wg_netif_inbox_pop(wg_netif *wg) {
    wg->inbox_first = (uint8_t)((wg->inbox_first + 1) % WG_INBOX_MAX);
    wg->inbox_used--;
}

/* Full-size datagrams come in several pbufs where lwIP's pool buffers are small: copy these into
 * the one buffer. A datagram in one piece is opened where it lies. */
static uint8_t *contiguous(struct pbuf *datagram) {
    if (datagram->next == NULL) {
        return datagram->payload;
    }
    pbuf_copy_partial(datagram, message_buffer, datagram->tot_len, 0);
    return message_buffer;
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
        pbuf_take(packet, message_buffer + WG_DATA_HEADER_BYTES, (u16_t)inner_len);
    }
    return packet;
}

static void deliver(wg_netif *wg, struct pbuf *datagram, size_t inner_len) {
    struct pbuf *packet = inner_packet(datagram, inner_len);
    if (packet == NULL) {
        wg->count.drop_no_memory++;
    } else if (!wg->attached || ip_input(packet, &wg->netif) != ERR_OK) {
        pbuf_free(packet);
    }
}

static void receive(void *arg, struct udp_pcb *pcb, struct pbuf *datagram, const ip_addr_t *addr,
                    u16_t port) {
    wg_netif *wg = arg;
    LWIP_UNUSED_ARG(pcb);
    if (wg_netif_is_tunnel(ip_current_input_netif())) {
        wg->count.drop_from_tunnel++;
        pbuf_free(datagram);
        return;
    }
    if (datagram->tot_len > sizeof message_buffer) {
        wg->count.drop_too_long++;
        pbuf_free(datagram);
        return;
    }
    wg_endpoint from;
    int peer;
    size_t len = datagram->tot_len, inner_len;
    uint8_t *message = contiguous(datagram);
    endpoint_from_lwip(&from, addr, port);
    wg_path_verdict verdict =
        wg_path_input(&wg->path, message, len, &from, wg_netif_now_ms(wg), &peer, &inner_len);
    if (verdict == WG_PATH_HANDSHAKE) {
        push_inbox(wg, &from, message, len);
    }
    wake_if_events(wg, peer);
    if (verdict == WG_PATH_DELIVER) {
        deliver(wg, datagram, inner_len);
    } else {
        pbuf_free(datagram);
    }
}

/* ---- life ---- */

err_t wg_netif_open(wg_netif *wg, uint16_t *port) {
    wg->pcb = udp_new_ip_type(IPADDR_TYPE_ANY);
    if (wg->pcb == NULL) {
        return ERR_MEM;
    }
    err_t err = udp_bind(wg->pcb, IP_ANY_TYPE, *port);
    if (err != ERR_OK) {
        udp_remove(wg->pcb);
        wg->pcb = NULL;
        return err;
    }
    udp_recv(wg->pcb, receive, wg);
    *port = wg->pcb->local_port;
    return ERR_OK;
}

static err_t init_netif(struct netif *netif) {
    netif->name[0] = 'w';
    netif->name[1] = 'g';
    netif->output = output_ip4;
#if LWIP_IPV6
    netif->output_ip6 = output_ip6;
#endif
    netif->flags = NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static void set_mtu(struct netif *netif, uint16_t mtu) {
    netif->mtu = mtu;
#if LWIP_IPV6 && LWIP_ND6_ALLOW_RA_UPDATES
    netif->mtu6 = mtu;
#endif
}

err_t wg_netif_up(wg_netif *wg, uint16_t mtu) {
    if (mtu > WG_INNER_MAX_BYTES) {
        return ERR_VAL;
    }
    if (netif_add_noaddr(&wg->netif, wg, init_netif, ip_input) == NULL) {
        return ERR_MEM;
    }
    set_mtu(&wg->netif, mtu);
    wg->path.mtu_bytes = mtu;
    wg->attached = true;
    netif_set_up(&wg->netif);
#if LWIP_IPV6 && LWIP_IPV6_SEND_ROUTER_SOLICIT
    wg->netif.rs_count = 0; /* there is no router to ask inside a tunnel */
#endif
    return ERR_OK;
}

static err_t add_ip4(wg_netif *wg, const ip4_addr_t *addr, unsigned prefix_bits) {
    if (!ip4_addr_isany_val(*netif_ip4_addr(&wg->netif))) {
        return ERR_USE; /* lwIP has one IPv4 address an interface */
    }
    ip4_addr_t mask, no_gateway;
    ip4_addr_set_u32(&mask, prefix_bits == 0 ? 0 : lwip_htonl(0xffffffffu << (32 - prefix_bits)));
    ip4_addr_set_zero(&no_gateway);
    netif_set_addr(&wg->netif, addr, &mask, &no_gateway);
    return ERR_OK;
}

#if LWIP_IPV6
static err_t add_ip6(wg_netif *wg, const ip6_addr_t *addr) {
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (ip6_addr_isinvalid(netif_ip6_addr_state(&wg->netif, i))) {
            netif_ip6_addr_set(&wg->netif, i, addr);
            /* Nobody else can own an address of ours here: no duplicate address detection. */
            netif_ip6_addr_set_state(&wg->netif, i, IP6_ADDR_PREFERRED);
            return ERR_OK;
        }
    }
    return ERR_USE;
}
#endif

err_t wg_netif_add_address(wg_netif *wg, const uint8_t *addr, unsigned addr_bytes,
                           unsigned prefix_bits) {
    ip_addr_t ip;
    if (!wg->attached || prefix_bits > 8 * addr_bytes || !address_to_lwip(&ip, addr, addr_bytes)) {
        return ERR_ARG;
    }
#if LWIP_IPV6
    if (IP_IS_V6(&ip)) {
        return add_ip6(wg, ip_2_ip6(&ip));
    }
#endif
    return add_ip4(wg, ip_2_ip4(&ip), prefix_bits);
}

void wg_netif_down(wg_netif *wg) {
    if (wg->attached) {
        wg->attached = false;
        netif_set_down(&wg->netif);
        netif_remove(&wg->netif);
    }
    if (wg->pcb != NULL) {
        udp_remove(wg->pcb);
        wg->pcb = NULL;
    }
    drop_all_staged(wg);
}

void wg_netif_free(wg_netif *wg) {
    wg_netif_down(wg);
    wg_path_wipe(&wg->path);
    wg->in_use = false;
}

bool wg_netif_is_tunnel(const struct netif *netif) {
    return netif != NULL && netif->output == output_ip4;
}

int wg_netif_route_bits(const wg_netif *wg, const uint8_t *addr, unsigned addr_bytes) {
    const wg_allowedip *e = wg_allowedips_match(&wg->path.allowed, addr, addr_bytes);
    return e == NULL ? -1 : e->prefix_bits;
}

/* ---- names ---- */

static void resolve_done(const char *name, const ip_addr_t *addr, void *arg) {
    wg_netif *wg = arg;
    LWIP_UNUSED_ARG(name);
    if (!wg->in_use || wg->resolve != WG_RESOLVE_PENDING) {
        return; /* the interface was closed while lwIP asked */
    }
    wg->resolve = addr == NULL ? WG_RESOLVE_FAILED : WG_RESOLVE_DONE;
    if (addr != NULL) {
        wg->resolved = *addr;
    }
    wg->wake(wg);
}

void wg_netif_resolve(wg_netif *wg, const char *name) {
    wg->resolve = WG_RESOLVE_PENDING;
    err_t err = dns_gethostbyname(name, &wg->resolved, resolve_done, wg);
    if (err == ERR_OK) {
        wg->resolve = WG_RESOLVE_DONE;
    } else if (err != ERR_INPROGRESS) {
        wg->resolve = WG_RESOLVE_FAILED;
    }
}

void wg_netif_resolved(const wg_netif *wg, wg_endpoint *found) {
    endpoint_from_lwip(found, &wg->resolved, 0);
}
