/* SPDX-License-Identifier: MIT
 *
 * lwIP's lock and its routing hooks in ESP-IDF. Both in one file: the linker takes an object out of
 * an archive only for a symbol that somebody asks for, and the binding asks for the lock.
 */
#include "wg_esp32.h"

#include "esp_netif.h"
#include "lwip/tcpip.h"

#include "wg_route.h"

#if !LWIP_TCPIP_CORE_LOCKING
#error Build with firmware/ports/esp32/sdkconfig.wireguard: CONFIG_LWIP_TCPIP_CORE_LOCKING is needed
#endif
/* esp_netif is told of every interface's addresses and, without this, takes our `state` for an
 * object of its own. It follows from CONFIG_LWIP_PPP_SUPPORT, which MicroPython's boards have. */
#if !LWIP_ESP_NETIF_DATA
#error Build with firmware/ports/esp32/sdkconfig.wireguard: CONFIG_LWIP_PPP_SUPPORT is needed
#endif

/* lwIP, and with it the mutex, exists only after esp_netif_init(), which MicroPython calls when
 * `network` is first imported: too late for a tunnel that comes up at boot. Only MicroPython's task
 * comes here before that, and a second call is harmless. */
void wg_esp32_lock(void) {
    static bool ready;
    if (!ready) {
        esp_netif_init();
        ready = true;
    }
    LOCK_TCPIP_CORE();
}

void wg_esp32_unlock(void) {
    UNLOCK_TCPIP_CORE();
}

/* ESP-IDF fixes LWIP_HOOK_IP4_ROUTE_SRC to a function of its own, which is not weak; the linker is
 * told to --wrap it (wireguard.cmake). AllowedIPs first, as on every board; then its choice, by the
 * source address. */
struct netif *__real_ip4_route_src_hook(const ip4_addr_t *src, const ip4_addr_t *dest);
struct netif *__wrap_ip4_route_src_hook(const ip4_addr_t *src, const ip4_addr_t *dest);

struct netif *__wrap_ip4_route_src_hook(const ip4_addr_t *src, const ip4_addr_t *dest) {
    struct netif *tunnel = wg_route_hook_ip4(dest);
    return tunnel != NULL ? tunnel : __real_ip4_route_src_hook(src, dest);
}

#if LWIP_IPV6
/* CONFIG_LWIP_HOOK_IP6_ROUTE_CUSTOM asks for this name. */
struct netif *lwip_hook_ip6_route(const ip6_addr_t *src, const ip6_addr_t *dest);

struct netif *lwip_hook_ip6_route(const ip6_addr_t *src, const ip6_addr_t *dest) {
    LWIP_UNUSED_ARG(src);
    return wg_route_hook_ip6(dest);
}
#endif
