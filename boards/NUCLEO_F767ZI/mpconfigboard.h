// SPDX-License-Identifier: MIT
// ST NUCLEO-F767ZI: MicroPython's own settings. The uplink is Ethernet (network.LAN).
#include "boards/NUCLEO_F767ZI/mpconfigboard.h"
