// SPDX-License-Identifier: MIT
// Raspberry Pi Pico 2 W: MicroPython's own settings. The uplink is Wi-Fi.
#include "ports/rp2/boards/RPI_PICO2_W/mpconfigboard.h"

#include "wg_board.h"
