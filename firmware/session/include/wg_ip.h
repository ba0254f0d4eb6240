/* SPDX-License-Identifier: MIT
 *
 * The few fields of an inner IP packet that WireGuard looks at. No IO, no allocation. Every length
 * is checked before a byte is read; nothing is assumed of the alignment.
 */
#ifndef WG_IP_H
#define WG_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WG_IPV4_HEADER_BYTES 20 /* without options */
#define WG_IPV6_HEADER_BYTES 40
#define WG_IPV6_MTU_MIN_BYTES 1280 /* RFC 8200 §5 */

/* TOS of handshake messages: DSCP AF41, not ECN-capable (kernel, messages.h HANDSHAKE_DSCP). */
#define WG_HANDSHAKE_TOS 0x88

/* One IP packet's shape. `source` and `destination` point into the packet. */
typedef struct {
    const uint8_t *source, *destination;
    unsigned addr_bytes; /* WG_IPV4_BYTES or WG_IPV6_BYTES */
    unsigned tos;        /* IPv6: traffic class */
    size_t total_bytes;  /* as its header says, at most the length given */
} wg_ip;

/* False: not a whole IP packet of either version. Bytes behind total_bytes are padding. */
bool wg_ip_parse(wg_ip *ip, const uint8_t *packet, size_t len);

/* TOS of the outer datagram that carries this inner packet: DSCP 0, so that it tells nothing, and
 * ECN as RFC 6040 §4.1 has it in normal mode, with ECT(0) for CE as Linux does. */
uint8_t wg_ip_outer_tos(unsigned inner_tos);

/* The outer datagram came with `outer_tos`: carry Congestion Experienced over to the whole inner
 * packet if that is ECN-capable (RFC 6040 §4.2), its header's checksum with it. */
void wg_ip_carry_congestion(uint8_t *packet, size_t len, uint8_t outer_tos);

/* The Internet checksum (RFC 1071) over data, added to a sum that began with 0. Data that is not
 * the last must have an even length. Finish: ~(sum folded), big-endian in the packet. */
uint32_t wg_ip_sum(uint32_t sum, const uint8_t *data, size_t len);
uint16_t wg_ip_checksum(uint32_t sum);

#endif
