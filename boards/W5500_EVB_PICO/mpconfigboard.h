// SPDX-License-Identifier: MIT
// WIZnet W5500-EVB-Pico: MicroPython's own settings. The uplink is Ethernet.
#include "ports/rp2/boards/W5500_EVB_PICO/mpconfigboard.h"

#include "wg_board.h"
