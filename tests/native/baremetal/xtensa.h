// SPDX-License-Identifier: MIT
// QEMU's Xtensa `sim`: what is asked of it, and the end.
#ifndef WG_TEST_XTENSA_H
#define WG_TEST_XTENSA_H

#include <stdint.h>

#define SIM_EXIT 1
#define SIM_READ 3
#define SIM_WRITE 4

int machine_simcall(int number, uintptr_t a, uintptr_t b, uintptr_t c);
_Noreturn void machine_exit(int status);

#endif
