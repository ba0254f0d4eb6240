/* SPDX-License-Identifier: MIT
 *
 * What our rp2 boards share; the last line of their mpconfigboard.h.
 */
#ifndef WG_BOARD_H
#define WG_BOARD_H

#ifndef MICROPY_PY_NETWORK
#define MICROPY_PY_NETWORK (1)
#endif

/* Before MicroPython begins: heap_clear.c. */
void wg_heap_clear(void);
#define MICROPY_BOARD_STARTUP wg_heap_clear

#endif
