/* SPDX-License-Identifier: MIT
 *
 * Inner packets: from lwIP into the tunnel, and out of the tunnel to lwIP.
 */
#include "lwip/ip.h"

#include "wg_icmp.h"
#include "wg_inside.h"
#include "wg_ip.h"

#define INNER (wg_message_buffer + WG_DATA_HEADER_BYTES)
#define COPY_BYTES 32 /* at once: what a compiler makes two or four multiple moves of */

/* ---- out ---- */

/* Into INNER. lwIP's packets are mostly one buffer, and aligned: then whole words are moved. */
static void copy_packet(const struct pbuf *packet) {
    size_t done = 0, len = LWIP_MIN(packet->tot_len, WG_INNER_MAX_BYTES);
    if (packet->next == NULL && ((uintptr_t)packet->payload & 3) == 0) {
        const uint8_t *from = __builtin_assume_aligned(packet->payload, 4);
        uint8_t *to = __builtin_assume_aligned(INNER, 4);
        for (; len - done >= COPY_BYTES; done += COPY_BYTES) {
            __builtin_memcpy(to + done, from + done, COPY_BYTES);
        }
    }
    pbuf_copy_partial(packet, INNER + done, (u16_t)(len - done), (u16_t)done);
}

/* Write the ICMP error about the packet in INNER. It goes to lwIP later (wg_inner_run): lwIP is in
 * the middle of sending, and cannot receive. One waits at a time, which limits their rate. */
static void complain(wg_netif *wg, size_t len, uint16_t mtu_bytes) {
    if (wg->icmp != NULL) {
        return;
    }
    struct pbuf *p = pbuf_alloc(PBUF_RAW, WG_ICMP_MAX_BYTES, PBUF_RAM);
    if (p == NULL) {
        return;
    }
    size_t icmp_len = wg_icmp_unreachable(p->payload, INNER, len, mtu_bytes);
    if (icmp_len == 0) {
        pbuf_free(p);
        return;
    }
    pbuf_realloc(p, (u16_t)icmp_len);
    wg->icmp = p;
    wg->wake(wg);
}

void wg_inner_run(wg_netif *wg) {
    struct pbuf *p = wg->icmp;
    wg->icmp = NULL;
    if (p != NULL && (!wg->attached || ip_input(p, &wg->netif) != ERR_OK)) {
        pbuf_free(p);
    }
}

void wg_inner_forget(wg_netif *wg) {
    if (wg->icmp != NULL) {
        pbuf_free(wg->icmp);
        wg->icmp = NULL;
    }
}

static err_t output(struct netif *netif, struct pbuf *packet) {
    wg_netif *wg = netif->state;
    wg_ip ip = {.tos = 0};
    int peer;
    size_t len, inner_len = packet->tot_len;
    copy_packet(packet);
    if (inner_len > netif->mtu) {
        wg->count.drop_out_long++;
        complain(wg, inner_len, netif->mtu);
        return ERR_VAL;
    }
    (void)wg_ip_parse(&ip, INNER, inner_len);
    wg_path_verdict verdict =
        wg_path_output(&wg->path, wg_message_buffer, inner_len, wg_netif_now_ms(wg), &peer, &len);
    if (verdict == WG_PATH_SEND) {
        wg_outer_send(wg, &wg_path_peer(&wg->path, peer)->endpoint, wg_message_buffer, len,
                      wg_ip_outer_tos(ip.tos));
    } else if (verdict == WG_PATH_STAGE) {
        wg_staged_add(wg, peer, packet);
    } else {
        complain(wg, inner_len, 0);
    }
    wg_netif_wake_if_events(wg, peer);
    /* A packet lost in the tunnel is lost silently, as on any network; no route is an error. */
    return peer == WG_NO_PEER ? ERR_RTE : ERR_OK;
}

err_t wg_inner_output_ip4(struct netif *netif, struct pbuf *packet, const ip4_addr_t *dest) {
    LWIP_UNUSED_ARG(dest);
    return output(netif, packet);
}

#if LWIP_IPV6
err_t wg_inner_output_ip6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *dest) {
    LWIP_UNUSED_ARG(dest);
    return output(netif, packet);
}
#endif

/* ---- in ---- */

/* lwIP drops what is for nobody here without a word: it is counted before. */
static bool is_for_us(const wg_netif *wg, const struct pbuf *packet) {
    LWIP_UNUSED_ARG(wg);
#if IP_FORWARD
    LWIP_UNUSED_ARG(packet);
    return true;
#else
    const uint8_t *ip = packet->payload;
    ip_addr_t dest;
    struct netif *netif;
    bool is_ip4 = ip[0] >> 4 == 4;
    if (!wg_address_to_lwip(&dest, ip + (is_ip4 ? 16 : 24),
                            is_ip4 ? WG_IPV4_BYTES : WG_IPV6_BYTES)) {
        return false;
    }
#if LWIP_IPV6
    if (!is_ip4) {
        ip6_addr_assign_zone(ip_2_ip6(&dest), IP6_UNKNOWN, &wg->netif);
    }
#endif
    if (ip_addr_ismulticast(&dest)) {
        return true;
    }
    NETIF_FOREACH(netif) {
#if LWIP_IPV6
        if (!is_ip4 && netif_get_ip6_addr_match(netif, ip_2_ip6(&dest)) >= 0) {
            return true;
        }
#endif
        if (is_ip4 && ip4_addr_eq(ip_2_ip4(&dest), netif_ip4_addr(netif))) {
            return true;
        }
    }
    return false;
#endif
}

void wg_inner_deliver(wg_netif *wg, struct pbuf *packet) {
    if (!is_for_us(wg, packet)) {
        wg->count.drop_destination++;
        pbuf_free(packet);
    } else if (!wg->attached || ip_input(packet, &wg->netif) != ERR_OK) {
        pbuf_free(packet);
    }
}
