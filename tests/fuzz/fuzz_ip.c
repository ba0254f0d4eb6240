// SPDX-License-Identifier: MIT
// Inner packets of any bytes: their shape, ECN, and the ICMP error about them.
#include <stdlib.h>

#include "fuzz.h"
#include "wg_icmp.h"
#include "wg_ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t out[WG_ICMP_MAX_BYTES];
    fuzz_input in = {data, size};
    uint8_t tos = fuzz_byte(&in), mtu = fuzz_byte(&in);
    uint8_t *packet = malloc(in.left + 1);
    size_t len = fuzz_bytes(&in, packet, in.left);
    wg_ip ip;
    bool is_ip = wg_ip_parse(&ip, packet, len);
    FUZZ_CHECK(!is_ip || (ip.total_bytes <= len && ip.total_bytes >= 20));
    size_t icmp_len = wg_icmp_unreachable(out, packet, len, mtu);
    FUZZ_CHECK(icmp_len <= sizeof out && (is_ip || icmp_len == 0));
    FUZZ_CHECK(icmp_len == 0 || wg_ip_parse(&ip, out, icmp_len));
    wg_ip_carry_congestion(packet, len, tos);
    FUZZ_CHECK(wg_ip_parse(&ip, packet, len) == is_ip);
    free(packet);
    return 0;
}
