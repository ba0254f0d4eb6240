/* SPDX-License-Identifier: MIT
 *
 * lwIP on our rp2 boards: the port's options, with memory for the tunnel. board.cmake puts this
 * folder before the port's.
 */
#ifndef WG_RP2_LWIPOPTS_H
#define WG_RP2_LWIPOPTS_H

#include_next "lwipopts.h"

#endif
