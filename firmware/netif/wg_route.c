/* SPDX-License-Identifier: MIT */
#include "wg_route.h"

#include "lwip/nd6.h"

#include "wg_netif.h"

#define NO_ROUTE (-1)

static bool is_usable_underlay(const struct netif *netif) {
    return netif_is_up(netif) && netif_is_link_up(netif) && !wg_netif_is_tunnel(netif);
}

/* The sums of neighbouring bits, of pairs, of fours; the multiplication adds the bytes. */
static int count_bits(u32_t mask) {
    mask -= mask >> 1 & 0x55555555;
    mask = (mask & 0x33333333) + (mask >> 2 & 0x33333333);
    mask = (mask + (mask >> 4)) & 0x0f0f0f0f;
    return (int)(mask * 0x01010101 >> 24);
}

/* The underlay interface whose own network holds dest, and that network's prefix length. */
static struct netif *connected_ip4(const ip4_addr_t *dest, int *bits) {
    struct netif *netif, *best = NULL;
    *bits = NO_ROUTE;
    NETIF_FOREACH(netif) {
        if (!is_usable_underlay(netif) || ip4_addr_isany_val(*netif_ip4_addr(netif)) ||
            !ip4_addr_net_eq(dest, netif_ip4_addr(netif), netif_ip4_netmask(netif))) {
            continue;
        }
        int mask_bits = count_bits(ip4_addr_get_u32(netif_ip4_netmask(netif)));
        if (mask_bits > *bits) {
            *bits = mask_bits;
            best = netif;
        }
    }
    return best;
}

static bool can_reach_ip4_gateways(const struct netif *netif) {
    return is_usable_underlay(netif) && !ip4_addr_isany_val(*netif_ip4_addr(netif)) &&
           !ip4_addr_isany_val(*netif_ip4_gw(netif));
}

static struct netif *underlay_ip4(const ip4_addr_t *to) {
    int bits;
    struct netif *netif = connected_ip4(to, &bits);
    if (netif != NULL) {
        return netif;
    }
    if (netif_default != NULL && can_reach_ip4_gateways(netif_default)) {
        return netif_default;
    }
    NETIF_FOREACH(netif) {
        if (can_reach_ip4_gateways(netif)) {
            return netif;
        }
    }
    return NULL;
}

static wg_netif *tunnel_towards(const uint8_t *addr, unsigned addr_bytes, int *best_bits) {
    wg_netif *best = NULL;
    *best_bits = NO_ROUTE;
    for (size_t i = 0; i < WG_INTERFACES_MAX; i++) {
        wg_netif *wg = wg_netif_at(i);
        int bits = wg->attached ? wg_netif_route_bits(wg, addr, addr_bytes) : NO_ROUTE;
        if (bits > *best_bits) {
            *best_bits = bits;
            best = wg;
        }
    }
    return best;
}

/* A tunnel that looks for its own endpoint asks outside of itself: with 0.0.0.0/0 the question
 * would else wait for the very session that cannot be made without the answer. */
static bool looks_for_its_endpoint(const wg_netif *wg, const ip_addr_t *server) {
    for (u8_t i = 0; i < DNS_MAX_SERVERS && wg->resolve == WG_RESOLVE_PENDING; i++) {
        if (ip_addr_eq(dns_getserver(i), server)) {
            return true;
        }
    }
    return false;
}

struct netif *wg_route_hook_ip4(const ip4_addr_t *dest) {
    int tunnel_bits, underlay_bits;
    ip_addr_t addr;
    wg_netif *wg = tunnel_towards((const uint8_t *)&dest->addr, WG_IPV4_BYTES, &tunnel_bits);
    ip_addr_copy_from_ip4(addr, *dest);
    if (wg == NULL || looks_for_its_endpoint(wg, &addr) || ip4_addr_ismulticast(dest) ||
        ip4_addr_isloopback(dest) || ip4_addr_get_u32(dest) == IPADDR_BROADCAST) {
        return NULL;
    }
    /* The broadcast and the gateway of the local network must stay reachable under 0.0.0.0/0. */
    (void)connected_ip4(dest, &underlay_bits);
    return underlay_bits > tunnel_bits ? NULL : &wg->netif;
}

#if LWIP_IPV6

static struct netif *connected_ip6(const ip6_addr_t *dest) {
    struct netif *netif;
    NETIF_FOREACH(netif) {
        if (!is_usable_underlay(netif)) {
            continue;
        }
        for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
            if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
                ip6_addr_net_eq(dest, netif_ip6_addr(netif, i))) {
                return netif;
            }
        }
    }
    return NULL;
}

static struct netif *underlay_ip6(const ip6_addr_t *to) {
    struct netif *netif = connected_ip6(to);
    if (netif == NULL) {
        netif = nd6_find_route(to);
    }
    if (netif == NULL && netif_default != NULL && is_usable_underlay(netif_default)) {
        netif = netif_default;
    }
    return netif;
}

#define IMPLIED_IP6_NETWORK_BITS 64 /* lwIP: every address of an interface implies a /64 */

struct netif *wg_route_hook_ip6(const ip6_addr_t *dest) {
    int tunnel_bits;
    ip_addr_t addr;
    wg_netif *wg = tunnel_towards((const uint8_t *)dest->addr, WG_IPV6_BYTES, &tunnel_bits);
    ip_addr_copy_from_ip6(addr, *dest);
    if (wg == NULL || looks_for_its_endpoint(wg, &addr) || ip6_addr_ismulticast(dest) ||
        ip6_addr_islinklocal(dest)) {
        return NULL;
    }
    bool underlay_is_longer = tunnel_bits < IMPLIED_IP6_NETWORK_BITS && connected_ip6(dest) != NULL;
    return underlay_is_longer ? NULL : &wg->netif;
}

#endif

struct netif *wg_route_underlay(const ip_addr_t *to) {
#if LWIP_IPV6
    if (IP_IS_V6(to)) {
        return underlay_ip6(ip_2_ip6(to));
    }
#endif
    return underlay_ip4(ip_2_ip4(to));
}
