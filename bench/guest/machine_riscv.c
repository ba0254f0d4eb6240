// SPDX-License-Identifier: MIT
// The machine below the guest: QEMU's RISC-V `virt` board.
#include <stddef.h>
#include <stdint.h>

#include "../../tests/native/harness.h"

#define SYS_WRITE0 0x04
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026

uintptr_t machine_semihost(uintptr_t operation, const void *argument);
_Noreturn void machine_exit(int status);

void machine_write(const char *text) {
    machine_semihost(SYS_WRITE0, text);
}

_Noreturn void machine_exit(int status) {
    const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        machine_semihost(SYS_EXIT_EXTENDED, block);
    }
}
