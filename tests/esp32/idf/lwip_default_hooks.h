/* SPDX-License-Identifier: MIT
 *
 * For a syntax and size check only (README.md): the two routing hooks that ESP-IDF declares.
 */
#include "lwip/ip_addr.h"

struct netif *ip4_route_src_hook(const ip4_addr_t *src, const ip4_addr_t *dest);
struct netif *lwip_hook_ip6_route(const ip6_addr_t *src, const ip6_addr_t *dest);
#define LWIP_HOOK_IP6_ROUTE lwip_hook_ip6_route
