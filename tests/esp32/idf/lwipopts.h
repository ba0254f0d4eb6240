/* SPDX-License-Identifier: MIT
 *
 * For a syntax and size check only (README.md): the options of lwIP that matter to the module, with
 * the values that ESP-IDF's own lwipopts.h gives them under
 * firmware/ports/esp32/sdkconfig.wireguard.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 4
#define LWIP_IPV6 1
#define LWIP_DNS 1
#define LWIP_TCPIP_CORE_LOCKING WG_CHECK_CORE_LOCKING
#define LWIP_ESP_NETIF_DATA WG_CHECK_NETIF_DATA
#define LWIP_NETIF_API 1
#define LWIP_SOCKET 0
#define TCPIP_THREAD_STACKSIZE 4608

#define LWIP_HOOK_FILENAME "lwip_default_hooks.h"
#define LWIP_HOOK_IP4_ROUTE_SRC ip4_route_src_hook

#include "esp_idf.h"
#define LWIP_RAND esp_random

#endif
