// SPDX-License-Identifier: MIT
// The board's flash chip: a host file.
#ifndef QEMU_MPS2_FLASH_H
#define QEMU_MPS2_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#define BOARD_ID_BYTES 8

bool flash_init(void); // false: QEMU was given no file
// What a chip has burnt in: random bytes written when the file is new. False: no flash.
bool flash_get_id(uint8_t id[BOARD_ID_BYTES]);

#endif
