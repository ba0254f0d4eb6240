/* SPDX-License-Identifier: MIT
 *
 * AllowedIPs of one interface: which peer owns an inner address (WireGuard paper §2,
 * "cryptokey routing"). Longest prefix wins; an entry allowed twice moves to the later peer,
 * as in the kernel. A board has a handful of entries, so a flat table beats a trie in both
 * RAM and time. No allocation, no IO. The addresses are public: nothing here is constant time.
 */
#ifndef WG_ALLOWEDIPS_H
#define WG_ALLOWEDIPS_H

#include <stdbool.h>
#include <stdint.h>

#ifndef WG_ALLOWEDIPS_MAX
#define WG_ALLOWEDIPS_MAX 16 /* entries of one interface; 19 bytes each */
#endif

#define WG_IPV4_BYTES 4
#define WG_IPV6_BYTES 16
#define WG_NO_PEER (-1)

typedef struct {
    uint8_t addr[WG_IPV6_BYTES]; /* network order; IPv4 uses the first 4 bytes */
    uint8_t addr_bytes;          /* WG_IPV4_BYTES, WG_IPV6_BYTES; 0 = free entry */
    uint8_t prefix_bits;
    int8_t peer;
} wg_allowedip;

typedef struct {
    wg_allowedip entry[WG_ALLOWEDIPS_MAX];
} wg_allowedips;

/* Give `prefix_bits` of `addr` to `peer`. Host bits of addr are ignored.
 * False: the table is full, or addr_bytes or prefix_bits make no sense. */
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
