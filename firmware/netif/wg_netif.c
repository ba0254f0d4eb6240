/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lwip/ip.h"
#include "lwip/sys.h"

#include "wg_inside.h"

static wg_netif interfaces[WG_INTERFACES_MAX];

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
            interfaces[i].underlay_changes++;
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

void wg_netif_wake_if_events(wg_netif *wg, int peer) {
    const wg_peer *p = wg_path_peer(&wg->path, peer);
    if (p != NULL && p->events != 0) {
        wg->wake(wg);
    }
}

/* ---- endpoints ---- */

bool wg_address_to_lwip(ip_addr_t *to, const uint8_t *addr, unsigned addr_bytes) {
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

void wg_endpoint_from_lwip(wg_endpoint *to, const ip_addr_t *addr, u16_t port) {
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
    udp_recv(wg->pcb, wg_outer_receive, wg);
    *port = wg->pcb->local_port;
    return ERR_OK;
}

static err_t init_netif(struct netif *netif) {
    netif->name[0] = 'w';
    netif->name[1] = 'g';
    netif->output = wg_inner_output_ip4;
#if LWIP_IPV6
    netif->output_ip6 = wg_inner_output_ip6;
#endif
    netif->flags = NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

err_t wg_netif_up(wg_netif *wg, uint16_t mtu) {
    if (mtu > WG_INNER_MAX_BYTES) {
        return ERR_VAL;
    }
    if (netif_add_noaddr(&wg->netif, wg, init_netif, ip_input) == NULL) {
        return ERR_MEM;
    }
    wg->mtu_wanted = mtu;
    wg->attached = true;
    wg_mtu_update(wg);
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
    if (!wg->attached || prefix_bits > 8 * addr_bytes ||
        !wg_address_to_lwip(&ip, addr, addr_bytes)) {
        return ERR_ARG;
    }
#if LWIP_IPV6
    if (IP_IS_V6(&ip)) {
        return add_ip6(wg, ip_2_ip6(&ip));
    }
#endif
    return add_ip4(wg, ip_2_ip4(&ip), prefix_bits);
}

void wg_netif_run(wg_netif *wg) {
    wg_inner_run(wg);
    wg_mtu_update(wg);
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
    wg_staged_drop_all(wg);
    wg_inner_forget(wg);
}

void wg_netif_free(wg_netif *wg) {
    wg_netif_down(wg);
    wg_path_wipe(&wg->path);
    wg->in_use = false;
}

bool wg_netif_is_tunnel(const struct netif *netif) {
    return netif != NULL && netif->output == wg_inner_output_ip4;
}

int wg_netif_route_bits(const wg_netif *wg, const uint8_t *addr, unsigned addr_bytes) {
    const wg_allowedip *e = wg_allowedips_match(&wg->path.allowed, addr, addr_bytes);
    return e == NULL ? -1 : e->prefix_bits;
}
