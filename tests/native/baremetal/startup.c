// SPDX-License-Identifier: MIT
// The machine below the tests: a Cortex-M of QEMU's MPS2 boards, output and exit by semihosting.
#include <stdint.h>

#include "../harness.h"

#define SYS_WRITE0 0x04
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026
#define CCR (*(volatile uint32_t *)0xe000ed14)
#define CCR_UNALIGN_TRP 8u
// CMSDK TIMER0 counts down at the board's clock. Under -icount that is instructions.
#define TIMER0_CTRL (*(volatile uint32_t *)0x40000000)
#define TIMER0_VALUE (*(volatile uint32_t *)0x40000004)
#define TIMER0_RELOAD (*(volatile uint32_t *)0x40000008)

extern uint32_t stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];
int main(void);
void reset(void);

static uintptr_t semihost(uintptr_t operation, const void *argument) {
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void machine_write(const char *text) {
    semihost(SYS_WRITE0, text);
}

static _Noreturn void leave(int status) {
    const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        semihost(SYS_EXIT_EXTENDED, block);
    }
}

// r4 keeps the stack pointer over the call, which keeps r4; r7 may be a frame pointer. All other
// registers are cleared, so that what the work saves of them on its stack is always the same.
void machine_call(void (*work)(void), uint8_t *stack, size_t stack_bytes) {
    register void (*r0)(void) __asm__("r0") = work;
    register uintptr_t r1 __asm__("r1") = (uintptr_t)(stack + stack_bytes) & ~(uintptr_t)7;
    __asm__ volatile("push {r6, r7}\n"
                     "mov r4, sp\n"
                     "mov sp, r1\n"
                     "movs r1, #0\n"
                     "movs r2, #0\n"
                     "movs r3, #0\n"
                     "movs r5, #0\n"
                     "movs r6, #0\n"
                     "movs r7, #0\n"
                     "mov r8, r1\n"
                     "mov r9, r1\n"
                     "mov r10, r1\n"
                     "mov r11, r1\n"
                     "mov r12, r1\n"
                     "blx r0\n"
                     "mov sp, r4\n"
                     "pop {r6, r7}\n"
                     : "+r"(r0), "+r"(r1)
                     :
                     : "r2", "r3", "r4", "r5", "r8", "r9", "r10", "r11", "r12", "lr", "cc",
                       "memory");
}

uint32_t machine_ticks(void) {
    return ~TIMER0_VALUE;
}

static void fault(void) {
    machine_write("\nFAIL fault the processor took an exception\n");
    leave(3);
}

void reset(void) {
    __builtin_memcpy(data_start, data_load, (size_t)((uint8_t *)data_end - (uint8_t *)data_start));
    __builtin_memset(bss_start, 0, (size_t)((uint8_t *)bss_end - (uint8_t *)bss_start));
#ifdef __ARM_ARCH_6M__
    CCR |= CCR_UNALIGN_TRP; // as a real one does, though this one need not
#endif
    TIMER0_RELOAD = 0xffffffffu;
    TIMER0_VALUE = 0xffffffffu;
    TIMER0_CTRL = 1;
    leave(main());
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    stack_top, reset, fault, fault, fault, fault, fault, fault,
    fault,     fault, fault, fault, fault, fault, fault, fault,
};
