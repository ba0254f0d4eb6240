/* SPDX-License-Identifier: MIT
 *
 * lwIP's Internet checksum, in its place: inet_chksum.c is built with
 *   -DLWIP_CHKSUM=wg_lwip_checksum -include wg_checksum.h
 * Through a tunnel every packet is summed
 * twice, inside and outside, and lwIP's own loop is, after the crypto, the dearest of all.
 */
#ifndef WG_CHECKSUM_H
#define WG_CHECKSUM_H

#include <stdint.h>

/* As lwip_standard_chksum: the sum of RFC 1071, not inverted, in the order of a little-endian
 * machine, over len bytes at any address. */
uint16_t wg_lwip_checksum(const void *data, int len);

#endif
