/* SPDX-License-Identifier: MIT
 *
 * What parses an inner packet, on every packet of 0 to LEN_MAX bytes: wg_ip_parse and
 * wg_ip_carry_congestion. */
#include "stubs.h"
#include "wg_ip.h"

uint8_t nondet_tos(void);

int main(void) {
    wg_ip ip;
    size_t len = nondet_size();
    __CPROVER_assume(len <= LEN_MAX);
    uint8_t *packet = any_datagram(len);
    if (wg_ip_parse(&ip, packet, len)) {
        __CPROVER_assert(ip.total_bytes >= WG_IPV4_HEADER_BYTES && ip.total_bytes <= len,
                         "the length lies inside the packet");
        __CPROVER_assert(__CPROVER_r_ok(ip.source, ip.addr_bytes), "so does the source");
        __CPROVER_assert(__CPROVER_r_ok(ip.destination, ip.addr_bytes), "and the destination");
    }
    wg_ip_carry_congestion(packet, len, nondet_tos());
    return 0;
}
