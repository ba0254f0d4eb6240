// SPDX-License-Identifier: MIT
// Raspberry Pi Pico 2: MicroPython's own settings; an update of stock firmware keeps the files.
#include "ports/rp2/boards/RPI_PICO2/mpconfigboard.h"

// The uplink: PPP over a UART, as with an LTE modem.
#define MICROPY_PY_NETWORK_PPP_LWIP (1)

#include "wg_board.h"
