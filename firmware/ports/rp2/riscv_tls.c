// SPDX-License-Identifier: MIT
// Room for picolibc's thread-local variables (errno, what gmtime returns) on RP2350's RISC-V.
//
// The port's linker script means to put them before .bss. But for the linker a section .tbss takes
// no room, so that .bss begins at the same address: strtol would write errno over the first
// variable there. pico-sdk's function that this takes the place of is weak; both processors share
// one area.
#include "pico.h"
#include "pico/runtime_init.h"

extern char __tls_base[], __tls_end[];
extern void _set_tls(void *area); // picolibc

static uint32_t area[32];

void runtime_init_pre_core_tls_setup(void) {
    if ((uintptr_t)__tls_end - (uintptr_t)__tls_base > sizeof area) {
        panic("no room for thread-local variables");
    }
    _set_tls(area);
}
