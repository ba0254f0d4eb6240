/* SPDX-License-Identifier: MIT */
#include "wg_allowedips.h"

#include <stddef.h>
#include <string.h>

/* A key to search for, or to insert: addr without the bits behind the prefix. */
static void make_key(wg_allowedip *key, const uint8_t *addr, unsigned addr_bytes, unsigned bits) {
    unsigned whole = bits / 8, rest = bits % 8;
    memset(key, 0, sizeof *key);
    memcpy(key->addr, addr, whole);
    if (rest != 0) {
        key->addr[whole] = (uint8_t)(addr[whole] & 0xffu << (8 - rest));
    }
    key->addr_bytes = (uint8_t)addr_bytes;
    key->prefix_bits = (uint8_t)bits;
}

/* < 0: a stands before b. */
static int compare(const wg_allowedip *a, const wg_allowedip *b) {
    if (a->addr_bytes != b->addr_bytes) {
        return a->addr_bytes - b->addr_bytes;
    }
    if (a->prefix_bits != b->prefix_bits) {
        return b->prefix_bits - a->prefix_bits;
    }
    return memcmp(a->addr, b->addr, a->addr_bytes);
}

/* The place of the first entry that does not stand before key. */
static unsigned find_place(const wg_allowedips *table, const wg_allowedip *key) {
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
    wg_allowedip key;
    if ((addr_bytes != WG_IPV4_BYTES && addr_bytes != WG_IPV6_BYTES) ||
        prefix_bits > 8 * addr_bytes) {
        return false;
    }
    make_key(&key, addr, addr_bytes, prefix_bits);
    key.peer = (int16_t)peer;
    unsigned place = find_place(table, &key);
    wg_allowedip *e = &table->entry[place];
    bool known = place < table->used && compare(e, &key) == 0;
    if (!known) {
        if (table->used == table->room) {
            return false;
        }
        memmove(e + 1, e, (table->used - place) * sizeof *e);
        table->used++;
    }
    *e = key;
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
    static const uint8_t lowest[WG_IPV6_BYTES];
    wg_allowedip key;
    if (addr_bytes != WG_IPV4_BYTES && addr_bytes != WG_IPV6_BYTES) {
        return NULL;
    }
    /* From each length to the next shorter one that the table has. */
    for (unsigned bits = 8 * addr_bytes;; bits--) {
        make_key(&key, lowest, addr_bytes, bits);
        unsigned place = find_place(table, &key);
        if (place == table->used || table->entry[place].addr_bytes != addr_bytes) {
            return NULL;
        }
        bits = table->entry[place].prefix_bits;
        make_key(&key, addr, addr_bytes, bits);
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
