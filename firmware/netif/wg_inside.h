/* SPDX-License-Identifier: MIT
 *
 * What the files of this folder share. One message buffer serves all interfaces and both
 * directions: everything here runs under lwIP's lock, and a packet has left the buffer before the
 * next can enter it. Aligned so that tuned cores may load words.
 */
#ifndef WG_INSIDE_H
#define WG_INSIDE_H

#include "wg_netif.h"

#define WG_MESSAGE_MAX_BYTES (WG_INNER_MAX_BYTES + WG_DATA_OVERHEAD_BYTES + WG_PADDING_BYTES)

extern uint8_t wg_message_buffer[WG_MESSAGE_MAX_BYTES];

/* False: a family that lwIP was built without. */
bool wg_address_to_lwip(ip_addr_t *to, const uint8_t *addr, unsigned addr_bytes);
void wg_endpoint_from_lwip(wg_endpoint *to, const ip_addr_t *addr, u16_t port);

/* Let Python look at this peer, if C has something to tell. */
void wg_netif_wake_if_events(wg_netif *wg, int peer);

/* Outer datagrams: wg_outer.c */
void wg_outer_receive(void *wg, struct udp_pcb *pcb, struct pbuf *datagram, const ip_addr_t *addr,
                      u16_t port);
/* Sends len bytes to a peer's endpoint with this TOS. */
bool wg_outer_send(wg_netif *wg, const wg_endpoint *to, const uint8_t *message, size_t len,
                   uint8_t tos);

/* Inner packets: wg_inner.c. The functions that lwIP calls to send through the tunnel; to deliver
 * what came through it, of which `packet` is taken over. */
err_t wg_inner_output_ip4(struct netif *netif, struct pbuf *packet, const ip4_addr_t *dest);
#if LWIP_IPV6
err_t wg_inner_output_ip6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *dest);
#endif
void wg_inner_deliver(wg_netif *wg, struct pbuf *packet);
/* Hand an error about an inner packet to lwIP, or forget it. */
void wg_inner_run(wg_netif *wg);
void wg_inner_forget(wg_netif *wg);

/* Packets that wait for a session: wg_staged.c. */
void wg_staged_add(wg_netif *wg, int peer, struct pbuf *packet);
void wg_staged_drop_all(wg_netif *wg);

/* The tunnel's MTU: wg_mtu.c. */
void wg_mtu_update(wg_netif *wg);

#endif
