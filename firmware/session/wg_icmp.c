/* SPDX-License-Identifier: MIT */
#include "wg_icmp.h"

#include <string.h>

#include "wg_allowedips.h"
#include "wg_ip.h"

#define ICMP_HEADER_BYTES 8
#define TTL 64

#define ICMP4 1
#define ICMP4_UNREACHABLE 3
#define ICMP4_HOST 1
#define ICMP4_TOO_LONG 4 /* fragmentation needed, and "don't fragment" set */
#define ICMP4_ECHO 8
#define ICMP4_ECHO_REPLY 0

#define ICMP6 58
#define ICMP6_UNREACHABLE 1
#define ICMP6_ADDRESS 3
#define ICMP6_TOO_BIG 2
#define ICMP6_FIRST_INFORMATIONAL 128

static void put_be16(uint8_t *p, size_t value) {
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* Both families: 224/4, 255.255.255.255, 0.0.0.0, ff00::/8 and :: are no single host's. */
static bool is_single_host(const uint8_t *addr, unsigned addr_bytes) {
    static const uint8_t zero[WG_IPV6_BYTES];
    uint8_t first_group = addr_bytes == WG_IPV4_BYTES ? 224 : 255;
    return addr[0] < first_group && memcmp(addr, zero, addr_bytes) != 0;
}

static bool may_complain_ip4(const uint8_t *packet, const wg_ip *ip) {
    size_t header_bytes = 4u * (packet[0] & 15);
    bool later_fragment = (packet[6] & 0x1f) != 0 || packet[7] != 0;
    if (later_fragment || header_bytes < WG_IPV4_HEADER_BYTES || header_bytes >= ip->total_bytes) {
        return false;
    }
    uint8_t type = packet[header_bytes];
    return packet[9] != ICMP4 || type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY;
}

/* Behind extension headers nobody looks: what is sent from here has none before an ICMP error. */
static bool may_complain_ip6(const uint8_t *packet, const wg_ip *ip) {
    return packet[6] != ICMP6 || (ip->total_bytes > WG_IPV6_HEADER_BYTES &&
                                  packet[WG_IPV6_HEADER_BYTES] >= ICMP6_FIRST_INFORMATIONAL);
}

static size_t write_ip4(uint8_t *out, const wg_ip *ip, size_t quoted, uint16_t mtu_bytes) {
    uint8_t *icmp = out + WG_IPV4_HEADER_BYTES;
    size_t icmp_bytes = ICMP_HEADER_BYTES + quoted;
    out[0] = 0x45;
    put_be16(out + 2, WG_IPV4_HEADER_BYTES + icmp_bytes);
    out[8] = TTL;
    out[9] = ICMP4;
    memcpy(out + 12, ip->source, WG_IPV4_BYTES);
    memcpy(out + 16, ip->source, WG_IPV4_BYTES);
    put_be16(out + 10, wg_ip_checksum(wg_ip_sum(0, out, WG_IPV4_HEADER_BYTES)));
    icmp[0] = ICMP4_UNREACHABLE;
    icmp[1] = mtu_bytes != 0 ? ICMP4_TOO_LONG : ICMP4_HOST;
    put_be16(icmp + 6, mtu_bytes);
    put_be16(icmp + 2, wg_ip_checksum(wg_ip_sum(0, icmp, icmp_bytes)));
    return WG_IPV4_HEADER_BYTES + icmp_bytes;
}

static size_t write_ip6(uint8_t *out, const wg_ip *ip, size_t quoted, uint16_t mtu_bytes) {
    uint8_t *icmp = out + WG_IPV6_HEADER_BYTES;
    size_t icmp_bytes = ICMP_HEADER_BYTES + quoted;
    out[0] = 0x60;
    put_be16(out + 4, icmp_bytes);
    out[6] = ICMP6;
    out[7] = TTL;
    memcpy(out + 8, ip->source, WG_IPV6_BYTES);
    memcpy(out + 24, ip->source, WG_IPV6_BYTES);
    icmp[0] = mtu_bytes != 0 ? ICMP6_TOO_BIG : ICMP6_UNREACHABLE;
    icmp[1] = mtu_bytes != 0 ? 0 : ICMP6_ADDRESS;
    put_be16(icmp + 6, mtu_bytes);
    /* The pseudo-header, RFC 8200 §8.1: the addresses, the length, the protocol. */
    uint32_t sum = wg_ip_sum((uint32_t)icmp_bytes + ICMP6, out + 8, 2 * WG_IPV6_BYTES);
    put_be16(icmp + 2, wg_ip_checksum(wg_ip_sum(sum, icmp, icmp_bytes)));
    return WG_IPV6_HEADER_BYTES + icmp_bytes;
}

size_t wg_icmp_unreachable(uint8_t out[WG_ICMP_MAX_BYTES], const uint8_t *packet, size_t len,
                           uint16_t mtu_bytes) {
    wg_ip ip;
    if (!wg_ip_parse(&ip, packet, len) || !is_single_host(ip.source, ip.addr_bytes) ||
        !is_single_host(ip.destination, ip.addr_bytes)) {
        return 0;
    }
    bool is_ip4 = ip.addr_bytes == WG_IPV4_BYTES;
    if (!(is_ip4 ? may_complain_ip4(packet, &ip) : may_complain_ip6(packet, &ip))) {
        return 0;
    }
    size_t header_bytes = is_ip4 ? WG_IPV4_HEADER_BYTES : WG_IPV6_HEADER_BYTES;
    size_t quoted = WG_ICMP_MAX_BYTES - header_bytes - ICMP_HEADER_BYTES;
    if (quoted > ip.total_bytes) {
        quoted = ip.total_bytes;
    }
    memset(out, 0, header_bytes + ICMP_HEADER_BYTES);
    memcpy(out + header_bytes + ICMP_HEADER_BYTES, packet, quoted);
    return is_ip4 ? write_ip4(out, &ip, quoted, mtu_bytes) : write_ip6(out, &ip, quoted, mtu_bytes);
}
