/* SPDX-License-Identifier: MIT */
#include "wg_allowedips.h"

#include <stddef.h>
#include <string.h>

/* What is searched for: `bits` of addr, or with addr NULL the first entry of that length. */
typedef struct {
    const uint8_t *addr;
    unsigned addr_bytes, bits;
} prefix_key;

/* < 0: the entry stands before the key. */
static int compare_prefix(const uint8_t *entry, const uint8_t *addr, unsigned bits) {
    for (; bits >= 8; bits -= 8, entry++, addr++) {
        if (*entry != *addr) {
            return *entry - *addr;
        }
    }
    return bits == 0 ? 0 : (*entry >> (8 - bits)) - (*addr >> (8 - bits));
}

static int compare(const wg_allowedip *e, const prefix_key *key) {
    if (e->addr_bytes != key->addr_bytes) {
        return e->addr_bytes - (int)key->addr_bytes;
    }
    if (e->prefix_bits != key->bits) {
        return (int)key->bits - e->prefix_bits;
    }
    return key->addr == NULL ? 0 : compare_prefix(e->addr, key->addr, key->bits);
}

/* The place of the first entry that does not stand before the key. */
static unsigned find_place(const wg_allowedips *table, const prefix_key *key) {
    unsigned low = 0, high = table->used;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (compare(&table->entry[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void write_entry(wg_allowedip *e, const prefix_key *key, int peer) {
    unsigned whole = key->bits / 8, rest = key->bits % 8;
    memset(e, 0, sizeof *e);
    memcpy(e->addr, key->addr, whole);
    if (rest != 0) {
        e->addr[whole] = (uint8_t)(key->addr[whole] & 0xffu << (8 - rest));
    }
    e->addr_bytes = (uint8_t)key->addr_bytes;
    e->prefix_bits = (uint8_t)key->bits;
    e->peer = (int16_t)peer;
}

wg_allowedip *wg_allowedips_move(wg_allowedips *table, wg_allowedip *memory, unsigned room) {
    wg_allowedip *old = table->entry;
    if (table->used != 0) {
        memcpy(memory, old, table->used * sizeof *memory);
    }
    table->entry = memory;
    table->room = (uint16_t)room;
    return old;
}

bool wg_allowedips_insert(wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes,
                          unsigned prefix_bits, int peer) {
    prefix_key key = {addr, addr_bytes, prefix_bits};
    if ((addr_bytes != WG_IPV4_BYTES && addr_bytes != WG_IPV6_BYTES) ||
        prefix_bits > 8 * addr_bytes) {
        return false;
    }
    unsigned place = find_place(table, &key);
    bool known = place < table->used && compare(&table->entry[place], &key) == 0;
    if (!known) {
        if (table->used == table->room) {
            return false;
        }
        memmove(&table->entry[place + 1], &table->entry[place],
                (table->used - place) * sizeof table->entry[0]);
        table->used++;
    }
    write_entry(&table->entry[place], &key, peer);
    return true;
}

void wg_allowedips_remove(wg_allowedips *table, int peer) {
    uint16_t kept = 0;
    for (unsigned i = 0; i < table->used; i++) {
        if (table->entry[i].peer != peer) {
            table->entry[kept++] = table->entry[i];
        }
    }
    table->used = kept;
}

const wg_allowedip *wg_allowedips_match(const wg_allowedips *table, const uint8_t *addr,
                                        unsigned addr_bytes) {
    if (addr_bytes != WG_IPV4_BYTES && addr_bytes != WG_IPV6_BYTES) {
        return NULL;
    }
    /* From each length to the next shorter one that the table has. */
    for (unsigned bits = 8 * addr_bytes;; bits--) {
        prefix_key key = {NULL, addr_bytes, bits};
        unsigned place = find_place(table, &key);
        if (place == table->used || table->entry[place].addr_bytes != addr_bytes) {
            return NULL;
        }
        bits = key.bits = table->entry[place].prefix_bits;
        key.addr = addr;
        place = find_place(table, &key);
        if (place < table->used && compare(&table->entry[place], &key) == 0) {
            return &table->entry[place];
        }
        if (bits == 0) {
            return NULL;
        }
    }
}

int wg_allowedips_lookup(const wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes) {
    const wg_allowedip *e = wg_allowedips_match(table, addr, addr_bytes);
    return e == NULL ? WG_NO_PEER : e->peer;
}
