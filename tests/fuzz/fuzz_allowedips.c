// SPDX-License-Identifier: MIT
// AllowedIPs against a list that is searched from end to end.
#include "fuzz.h"
#include "wg_allowedips.h"

#define ENTRIES 24

typedef struct {
    uint8_t addr[16];
    unsigned addr_bytes, bits;
    int peer;
} plain_entry;

static plain_entry list[ENTRIES];
static unsigned used;

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits) {
    for (unsigned i = 0; i < bits; i++) {
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

static int plain_lookup(const uint8_t *addr, unsigned addr_bytes) {
    const plain_entry *best = NULL;
    for (unsigned i = 0; i < used; i++) {
        const plain_entry *e = &list[i];
        if (e->addr_bytes == addr_bytes && same_bits(e->addr, addr, e->bits) &&
            (best == NULL || e->bits > best->bits)) {
            best = e;
        }
    }
    return best == NULL ? WG_NO_PEER : best->peer;
}

static bool plain_insert(const plain_entry *fresh) {
    for (unsigned i = 0; i < used; i++) {
        plain_entry *e = &list[i];
        if (e->addr_bytes == fresh->addr_bytes && e->bits == fresh->bits &&
            same_bits(e->addr, fresh->addr, e->bits)) {
            e->peer = fresh->peer;
            return true;
        }
    }
    if (used == ENTRIES) {
        return false;
    }
    list[used++] = *fresh;
    return true;
}

static void plain_remove(int peer) {
    unsigned kept = 0;
    for (unsigned i = 0; i < used; i++) {
        if (list[i].peer != peer) {
            list[kept++] = list[i];
        }
    }
    used = kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static wg_allowedip memory[ENTRIES];
    wg_allowedips table = {NULL, 0, 0};
    fuzz_input in = {data, size};
    wg_allowedips_move(&table, memory, ENTRIES);
    used = 0;
    while (in.left != 0) {
        uint8_t what = fuzz_byte(&in);
        plain_entry e = {.addr_bytes = what & 1 ? 16 : 4, .peer = what >> 1 & 3};
        e.bits = fuzz_byte(&in) % (8 * e.addr_bytes + 1);
        fuzz_bytes(&in, e.addr, e.addr_bytes);
        if ((what & 0xe0) == 0xe0) {
            wg_allowedips_remove(&table, e.peer);
            plain_remove(e.peer);
        } else if (what & 0x80) {
            bool ok = wg_allowedips_insert(&table, e.addr, e.addr_bytes, e.bits, e.peer);
            FUZZ_CHECK(ok == plain_insert(&e));
        }
        FUZZ_CHECK(wg_allowedips_lookup(&table, e.addr, e.addr_bytes) ==
                   plain_lookup(e.addr, e.addr_bytes));
    }
    return 0;
}
