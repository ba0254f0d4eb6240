// SPDX-License-Identifier: MIT
// Raspberry Pi Pico: RP2040, 2 MiB of flash. Uplink by PPP over a UART (an LTE modem, say).
// The storage lies where stock firmware has it: an update keeps the files.
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico"
#define MICROPY_HW_FLASH_STORAGE_BYTES (1408 * 1024)

#include "wg_board.h"
