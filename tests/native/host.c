// SPDX-License-Identifier: MIT
// The machine below the tests: a process of the host.
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
    callee.uc_stack.ss_sp = stack;
    callee.uc_stack.ss_size = stack_bytes;
    callee.uc_link = &caller;
    makecontext(&callee, work, 0);
    swapcontext(&caller, &callee);
}

uint32_t machine_ticks(void) {
    return 0;
}
