/* SPDX-License-Identifier: MIT
 *
 * wg_allowedips_match against its specification: of the prefixes that cover the address, one of
 * the longest. For every address of either family and every table of at most PREFIXES prefixes that
 * wg_allowedips_insert can have made, in as many calls. */
#include "stubs.h"
#include "wg_allowedips.h"

typedef struct {
    uint8_t byte[WG_IPV6_BYTES];
} address;

address nondet_address(void);
unsigned nondet_unsigned(void);
int nondet_peer_id(void);

static bool covers(const wg_allowedip *e, const uint8_t *addr, unsigned addr_bytes) {
    bool same = e->addr_bytes == addr_bytes;
    for (unsigned bit = 0; bit < 8 * WG_IPV6_BYTES; bit++) {
        if (bit < e->prefix_bits && ((e->addr[bit / 8] ^ addr[bit / 8]) >> (7 - bit % 8) & 1)) {
            same = false;
        }
    }
    return same;
}

int main(void) {
    wg_allowedip memory[PREFIXES];
    wg_allowedips table = {memory, 0, PREFIXES};
    for (unsigned i = 0; i < PREFIXES; i++) {
        address prefix = nondet_address();
        (void)wg_allowedips_insert(&table, prefix.byte, nondet_unsigned(), nondet_unsigned(),
                                   nondet_peer_id());
    }
    address addr = nondet_address();
    unsigned addr_bytes = nondet_bool() ? WG_IPV4_BYTES : WG_IPV6_BYTES;
    const wg_allowedip *found = wg_allowedips_match(&table, addr.byte, addr_bytes);
    __CPROVER_assert(found == NULL || covers(found, addr.byte, addr_bytes), "it covers");
    for (unsigned i = 0; i < table.used; i++) {
        if (covers(&memory[i], addr.byte, addr_bytes)) {
            __CPROVER_assert(found != NULL && found->prefix_bits >= memory[i].prefix_bits,
                             "none that covers is longer");
        }
    }
    return 0;
}
