// SPDX-License-Identifier: MIT
// Raspberry Pi Pico W: MicroPython's own settings. The uplink is Wi-Fi.
#include "ports/rp2/boards/RPI_PICO_W/mpconfigboard.h"

#include "wg_board.h"
