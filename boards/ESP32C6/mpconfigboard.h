// SPDX-License-Identifier: MIT
// MicroPython's own settings for the generic module with this chip.
#include "ports/esp32/boards/ESP32_GENERIC_C6/mpconfigboard.h"
