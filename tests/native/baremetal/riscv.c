// SPDX-License-Identifier: MIT
// The machine below the tests: QEMU's RISC-V `virt` board, output and exit by semihosting.
#include <stddef.h>
#include <stdint.h>

#include "../harness.h"

#define SYS_WRITE0 0x04
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026

uintptr_t machine_semihost(uintptr_t operation, const void *argument);
_Noreturn void machine_exit(int status);
_Noreturn void machine_fault(void);

void machine_write(const char *text) {
    machine_semihost(SYS_WRITE0, text);
}

_Noreturn void machine_exit(int status) {
    const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        machine_semihost(SYS_EXIT_EXTENDED, block);
    }
}

_Noreturn void machine_fault(void) {
    machine_write("\nFAIL fault the processor took an exception\n");
    machine_exit(3);
}

// Under -icount a constant number for each instruction: one, or QEMU 7's nanoseconds.
uint32_t machine_ticks(void) {
    uint32_t count;
    __asm__ volatile(".option push\n"
                     ".option arch, +zicsr\n"
                     "csrr %0, minstret\n"
                     ".option pop"
                     : "=r"(count));
    return count;
}
