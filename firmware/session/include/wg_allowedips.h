/* SPDX-License-Identifier: MIT
 *
 * AllowedIPs of one interface: which peer owns an inner address (WireGuard paper §2,
 * "cryptokey routing"). Longest prefix wins; an entry allowed twice moves to the later peer,
 * as in the kernel.
 *
 * One sorted array in memory that the caller gives: 20 bytes an entry, where a trie needs up to two
 * nodes of more than that. A look-up is a binary search for each prefix length that the table has,
 * so its time grows with the number of lengths, and only with the logarithm of the number of
 * entries. No allocation, no IO. The addresses are public: nothing here is constant time.
 */
#ifndef WG_ALLOWEDIPS_H
#define WG_ALLOWEDIPS_H

#include <stdbool.h>
#include <stdint.h>

#define WG_IPV4_BYTES 4
#define WG_IPV6_BYTES 16
#define WG_NO_PEER (-1)

typedef struct {
    uint8_t addr[WG_IPV6_BYTES]; /* network order, host bits zero; IPv4 uses the first 4 bytes */
    uint8_t addr_bytes;          /* WG_IPV4_BYTES or WG_IPV6_BYTES */
    uint8_t prefix_bits;
    int16_t peer;
} wg_allowedip;

typedef struct {
    wg_allowedip *entry; /* by family, then from long prefixes to short ones, then by address */
    uint16_t used, room;
} wg_allowedips;

/* Use `memory`, which holds `room` entries (at least table->used), instead of the present one.
 * Returns the memory used until now, for the caller to free; NULL at first. */
wg_allowedip *wg_allowedips_move(wg_allowedips *table, wg_allowedip *memory, unsigned room);

/* Give `prefix_bits` of `addr` to `peer`. Host bits of addr are ignored.
 * False: no room (used == room), or addr_bytes or prefix_bits make no sense. */
bool wg_allowedips_insert(wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes,
                          unsigned prefix_bits, int peer);

/* Drop every entry of `peer`. */
void wg_allowedips_remove(wg_allowedips *table, int peer);

/* The entry with the longest prefix that covers addr, or NULL. */
const wg_allowedip *wg_allowedips_match(const wg_allowedips *table, const uint8_t *addr,
                                        unsigned addr_bytes);

/* The peer of that entry, or WG_NO_PEER. */
int wg_allowedips_lookup(const wg_allowedips *table, const uint8_t *addr, unsigned addr_bytes);

#endif
