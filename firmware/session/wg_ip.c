/* SPDX-License-Identifier: MIT */
#include "wg_ip.h"

#include "wg_allowedips.h"

#define ECN_MASK 3u
#define ECN_ECT_0 2u /* ECN-capable transport */
#define ECN_CE 3u    /* congestion experienced */
#define IPV4_CHECKSUM 10

static size_t ip_be16(const uint8_t *p) {
    return (size_t)p[0] << 8 | p[1];
}

bool wg_ip_parse(wg_ip *ip, const uint8_t *packet, size_t len) {
    if (len >= WG_IPV4_HEADER_BYTES && packet[0] >> 4 == 4) {
        *ip = (wg_ip){packet + 12, packet + 16, WG_IPV4_BYTES, packet[1], ip_be16(packet + 2)};
        return ip->total_bytes >= WG_IPV4_HEADER_BYTES && ip->total_bytes <= len;
    }
    if (len >= WG_IPV6_HEADER_BYTES && packet[0] >> 4 == 6) {
        *ip = (wg_ip){packet + 8, packet + 24, WG_IPV6_BYTES, (uint8_t)(ip_be16(packet) >> 4),
                      WG_IPV6_HEADER_BYTES + ip_be16(packet + 4)};
        return ip->total_bytes <= len;
    }
    return false;
}

uint8_t wg_ip_outer_tos(unsigned inner_tos) {
    unsigned ecn = inner_tos & ECN_MASK;
    return (uint8_t)(ecn == ECN_CE ? ECN_ECT_0 : ecn);
}

uint32_t wg_ip_sum(uint32_t sum, const uint8_t *data, size_t len) {
    size_t i;
    for (i = 0; i + 1 < len; i += 2) {
        sum += (uint32_t)ip_be16(data + i);
    }
    return i < len ? sum + ((uint32_t)data[i] << 8) : sum;
}

uint16_t wg_ip_checksum(uint32_t sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

/* The TOS byte of IPv4 is the low half of a 16-bit word of the header: RFC 1624's update, eqn. 3.
 */
static void set_ip4_tos(uint8_t *packet, uint8_t tos) {
    uint32_t sum = (uint16_t)~ip_be16(packet + IPV4_CHECKSUM);
    sum += (uint16_t)~ip_be16(packet);
    packet[1] = tos;
    uint16_t checksum = wg_ip_checksum(sum + (uint32_t)ip_be16(packet));
    packet[IPV4_CHECKSUM] = (uint8_t)(checksum >> 8);
    packet[IPV4_CHECKSUM + 1] = (uint8_t)checksum;
}

void wg_ip_carry_congestion(uint8_t *packet, size_t len, uint8_t outer_tos) {
    wg_ip ip;
    if ((outer_tos & ECN_MASK) != ECN_CE || !wg_ip_parse(&ip, packet, len) ||
        (ip.tos & ECN_MASK) == 0) {
        return;
    }
    if (ip.addr_bytes == WG_IPV4_BYTES) {
        set_ip4_tos(packet, (uint8_t)(ip.tos | ECN_CE));
    } else {
        packet[1] |= ECN_CE << 4;
    }
}
