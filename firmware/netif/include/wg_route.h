/* SPDX-License-Identifier: MIT
 *
 * Which interface a packet takes. Inner packets follow AllowedIPs, unless an underlay network is
 * the longer match (a tunnel with 0.0.0.0/0 must not swallow the local network); outer datagrams
 * only ever see underlay interfaces, which is what keeps such a tunnel from looping.
 */
#ifndef WG_ROUTE_H
#define WG_ROUTE_H

#include "lwip/ip_addr.h"
#include "lwip/netif.h"

/* The underlay interface towards an outer endpoint, or NULL. */
struct netif *wg_route_underlay(const ip_addr_t *to);

/* lwIP's routing hooks (wg_lwip_hooks.h): the tunnel that owns dest, or NULL for lwIP's choice. */
struct netif *wg_route_hook_ip4(const ip4_addr_t *dest);
struct netif *wg_route_hook_ip6(const ip6_addr_t *dest);

#endif
