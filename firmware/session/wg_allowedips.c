/* SPDX-License-Identifier: MIT */
#include "wg_allowedips.h"

#include <stddef.h>
#include <string.h>

static bool prefix_covers(const uint8_t *prefix, const uint8_t *addr, unsigned bits) {
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(prefix, addr, whole) != 0) {
        return false;
    }
    return rest == 0 || ((prefix[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}

static bool same_prefix(const wg_allowedip *e, const uint8_t *addr, unsigned addr_bytes,
                        unsigned bits) {
    return e->addr_bytes == addr_bytes && e->prefix_bits == bits &&
           prefix_covers(e->addr, addr, bits);
}

static wg_allowedip *find_slot(wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes,
                               unsigned bits) {
    wg_allowedip *unused = NULL;
    for (size_t i = 0; i < WG_ALLOWEDIPS_MAX; i++) {
        wg_allowedip *e = &table->entry[i];
        if (same_prefix(e, addr, addr_bytes, bits)) {
            return e;
        }
        if (e->addr_bytes == 0 && unused == NULL) {
            unused = e;
        }
    }
    return unused;
}

bool wg_allowedips_insert(wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes,
                          unsigned prefix_bits, int peer) {
    if ((addr_bytes != WG_IPV4_BYTES && addr_bytes != WG_IPV6_BYTES) ||
        prefix_bits > 8 * addr_bytes) {
        return false;
    }
    wg_allowedip *e = find_slot(table, addr, addr_bytes, prefix_bits);
    if (e == NULL) {
        return false;
    }
    memset(e, 0, sizeof *e);
    memcpy(e->addr, addr, addr_bytes);
    e->addr_bytes = (uint8_t)addr_bytes;
    e->prefix_bits = (uint8_t)prefix_bits;
    e->peer = (int8_t)peer;
    return true;
}

void wg_allowedips_remove(wg_allowedips *table, int peer) {
    for (size_t i = 0; i < WG_ALLOWEDIPS_MAX; i++) {
        if (table->entry[i].addr_bytes != 0 && table->entry[i].peer == peer) {
            memset(&table->entry[i], 0, sizeof table->entry[i]);
        }
    }
}

const wg_allowedip *wg_allowedips_match(const wg_allowedips *table, const uint8_t *addr,
                                        unsigned addr_bytes) {
    const wg_allowedip *best = NULL;
    for (size_t i = 0; i < WG_ALLOWEDIPS_MAX; i++) {
        const wg_allowedip *e = &table->entry[i];
        bool longer = best == NULL || e->prefix_bits > best->prefix_bits;
        if (e->addr_bytes == addr_bytes && longer && prefix_covers(e->addr, addr, e->prefix_bits)) {
            best = e;
        }
    }
    return best;
}

int wg_allowedips_lookup(const wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes) {
    const wg_allowedip *e = wg_allowedips_match(table, addr, addr_bytes);
    return e == NULL ? WG_NO_PEER : e->peer;
}
