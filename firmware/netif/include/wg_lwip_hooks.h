/* SPDX-License-Identifier: MIT
 *
 * Included by lwIP itself, which is built with
 *   -DLWIP_HOOK_FILENAME="\"wg_lwip_hooks.h\""
 *   -D'LWIP_HOOK_IP4_ROUTE_SRC(src,dest)=wg_route_hook_ip4(dest)'
 * Routing then follows AllowedIPs. The second is a compiler option because lwIP's own ip4.h looks
 * at it before it includes this file. A port that has hooks of its own includes this from there.
 */
#ifndef WG_LWIP_HOOKS_H
#define WG_LWIP_HOOKS_H

struct netif;
struct ip4_addr;
struct ip6_addr;

struct netif *wg_route_hook_ip4(const struct ip4_addr *dest);
struct netif *wg_route_hook_ip6(const struct ip6_addr *dest);

#define LWIP_HOOK_IP6_ROUTE(src, dest) wg_route_hook_ip6(dest)

#endif
