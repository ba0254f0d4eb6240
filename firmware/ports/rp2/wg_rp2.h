/* SPDX-License-Identifier: MIT
 *
 * RP2040's and RP2350's answers to what binding.h asks of a port (WG_PORT_HEADER): randomness from
 * the chip's own noise source, tested; the rest is as everywhere. os.urandom is the port's: a shift
 * register over the ring oscillator, with no test.
 */
#ifndef WG_RP2_H
#define WG_RP2_H

#include "wg_entropy.h"

#define WG_LOCK() MICROPY_PY_LWIP_ENTER
#define WG_UNLOCK() MICROPY_PY_LWIP_EXIT
#define WG_SCHEDULED() ((void)0)
#define WG_ENTROPY(out, len) wg_entropy_fill(out, len)
#define WG_ENTROPY_NAME wg_noise.name

#endif
