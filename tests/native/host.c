// SPDX-License-Identifier: MIT
// The machine below the tests: a process of the host.
#define _GNU_SOURCE
#include <stdio.h>
#include <ucontext.h>

#include "harness.h"

static ucontext_t caller;

void machine_write(const char *text) {
    fputs(text, stdout);
}

void machine_call(void (*work)(void), uint8_t *stack, size_t stack_bytes) {
    ucontext_t callee;
    getcontext(&callee);
    // As on the emulated machines: what the work saves of registers is always the same.
#ifdef __x86_64__
    const int saved[] = {REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15};
    for (size_t i = 0; i < sizeof saved / sizeof saved[0]; i++) {
        callee.uc_mcontext.gregs[saved[i]] = 0;
    }
#endif
    callee.uc_stack.ss_sp = stack;
    callee.uc_stack.ss_size = stack_bytes;
    callee.uc_link = &caller;
    makecontext(&callee, work, 0);
    swapcontext(&caller, &callee);
}

uint32_t machine_ticks(void) {
    return 0;
}
