/* SPDX-License-Identifier: MIT
 *
 * The ICMP error (RFC 792, RFC 1191, RFC 4443) about an inner packet that the tunnel cannot take.
 * The kernel sends the same: host or address unreachable where no peer owns the destination,
 * "fragmentation needed" or "packet too big" where the packet is longer than the tunnel's MTU.
 */
#ifndef WG_ICMP_H
#define WG_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a buffer for any error needs: RFC 1812 §4.3.2.3 wants 576 bytes of IPv4, RFC 4443 §3.1 at
 * most 1280 of IPv6; this much of the packet is enough to find its socket by. */
#define WG_ICMP_MAX_BYTES 576

/* Write the error, a whole IP packet to the source of `packet` and from that address, to `out` of
 * WG_ICMP_MAX_BYTES. mtu_bytes: 0 = no peer, else the packet is longer than that.
 * Returns its length; 0 when there must be none (RFC 1122 §3.2.2, RFC 4443 §2.4 e): `packet` is not
 * IP, is itself an ICMP error, a later fragment, or not from or to a single host. */
size_t wg_icmp_unreachable(uint8_t out[WG_ICMP_MAX_BYTES], const uint8_t *packet, size_t len,
                           uint16_t mtu_bytes);

#endif
