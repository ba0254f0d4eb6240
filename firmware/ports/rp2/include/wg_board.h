/* SPDX-License-Identifier: MIT
 *
 * What our rp2 boards share; included by their mpconfigboard.h, before the port's own header.
 */
#ifndef WG_BOARD_H
#define WG_BOARD_H

#define MICROPY_PY_NETWORK (1)
#define MICROPY_PY_NETWORK_PPP_LWIP (1)

#endif
