/* SPDX-License-Identifier: MIT
 *
 * The tunnel's MTU follows the underlay, so that a full inner packet fits one outer datagram and
 * nothing is fragmented outside. lwIP takes the MSS of its TCP from it, and fragments longer
 * packets inside, at their source.
 */
#include "wg_inside.h"
#include "wg_ip.h"
#include "wg_route.h"

/* Of the outer datagram, beside the inner packet: IP, UDP, WireGuard. */
#define OVERHEAD_IP4_BYTES (WG_IPV4_HEADER_BYTES + 8 + WG_DATA_OVERHEAD_BYTES)
#define OVERHEAD_IP6_BYTES (WG_IPV6_HEADER_BYTES + 8 + WG_DATA_OVERHEAD_BYTES)
#define MTU_MIN_BYTES 576 /* RFC 791: every host takes this much */

static unsigned mtu_towards(const wg_endpoint *to) {
    ip_addr_t addr;
    if (!wg_address_to_lwip(&addr, to->addr, to->addr_bytes)) {
        return 0;
    }
    struct netif *underlay = wg_route_underlay(&addr);
    if (underlay == NULL) {
        return 0;
    }
#if LWIP_IPV6
    if (IP_IS_V6(&addr)) {
        return netif_mtu6(underlay);
    }
#endif
    return underlay->mtu;
}

/* Without a wish of the configuration there is always room for IPv6 outside: 1420 over Ethernet,
 * as wg-quick. The configuration's wish only gives way to what cannot be carried. */
static unsigned fitting_mtu(const wg_netif *wg) {
    unsigned mtu = wg->mtu_wanted != 0 ? wg->mtu_wanted : WG_INNER_MAX_BYTES;
    bool known = wg->mtu_wanted != 0;
    for (const wg_peer *p = wg->path.peers; p != NULL; p = p->following) {
        unsigned outer = mtu_towards(&p->endpoint);
        bool small = wg->mtu_wanted != 0 && p->endpoint.addr_bytes == WG_IPV4_BYTES;
        unsigned overhead = small ? OVERHEAD_IP4_BYTES : OVERHEAD_IP6_BYTES;
        if (outer > overhead) {
            known = true;
            mtu = LWIP_MIN(mtu, outer - overhead);
        }
    }
    return known ? mtu : WG_MTU_DEFAULT;
}

static bool has_ip6_address(const struct netif *netif) {
#if LWIP_IPV6
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i))) {
            return true;
        }
    }
#endif
    LWIP_UNUSED_ARG(netif);
    return false;
}

/* Below what IP itself promises the outer datagrams are fragmented instead. */
static unsigned smallest_mtu(const wg_netif *wg) {
    unsigned floor = has_ip6_address(&wg->netif) ? WG_IPV6_MTU_MIN_BYTES : MTU_MIN_BYTES;
    return wg->mtu_wanted != 0 ? LWIP_MIN(floor, wg->mtu_wanted) : floor;
}

void wg_mtu_update(wg_netif *wg) {
    if (wg->attached) {
        unsigned mtu = LWIP_MAX(fitting_mtu(wg), smallest_mtu(wg));
        wg->path.mtu_bytes = (uint16_t)mtu;
        wg->netif.mtu = (u16_t)mtu;
#if LWIP_IPV6 && LWIP_ND6_ALLOW_RA_UPDATES
        wg->netif.mtu6 = (u16_t)mtu;
#endif
    }
}
