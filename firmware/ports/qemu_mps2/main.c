// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"
#include "shared/readline/readline.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"
#include "shared/runtime/softtimer.h"

#include "lwip/init.h"

#include "clock.h"
#include "flash.h"
#include "host.h"
#include "lan.h"
#include "mps2.h"
#include "pendsv.h"
#include "uart.h"

extern char _estack, _sstack, _sheap, _eheap;

// Interrupts, lwIP and the modules that run under it use the same stack; Python leaves them this.
#define INTERRUPT_STACK_BYTES (12 * 1024)

static void board_init(void) {
    clock_init();
    pendsv_init();
    uart_init();
    flash_init();
    mp_cstack_init_with_top(&_estack, (size_t)(&_estack - &_sstack) - INTERRUPT_STACK_BYTES);
    // A reset leaves what was in RAM, and session keys are in the heap.
    memset(&_sheap, 0, (size_t)(&_eheap - &_sheap));
    gc_init(&_sheap, &_eheap);
    lwip_init(); // once: lwIP cannot be started again
    lan_init();
}

static void python_start(void) {
    mp_init();
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_lib));
    readline_init0();
    mod_network_init();
    mod_network_lwip_init();
}

// False: a script asked for a soft reset.
static bool run_scripts(void) {
    pyexec_frozen_module("_boot.py", false);
    int outcome = pyexec_file_if_exists("boot.py");
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && outcome != 0 &&
        !(outcome & PYEXEC_FORCED_EXIT)) {
        outcome = pyexec_file_if_exists("main.py");
    }
    return !(outcome & PYEXEC_FORCED_EXIT);
}

static void run_repl(void) {
    int exit = 0;
    while (exit == 0) {
        exit =
            pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    }
}

// The network interface keeps its address over a soft reset; sockets close by their finalisers.
static void python_stop(void) {
    mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
    mod_network_deinit();
    soft_timer_deinit();
    gc_sweep_all();
    mp_deinit();
    mps2_set_reset_cause(RESET_CAUSE_SOFT);
}

int main(void) {
    board_init();
    for (;;) {
        python_start();
        if (run_scripts()) {
            run_repl();
        }
        python_stop();
    }
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    soft_timer_gc_mark_all();
    gc_collect_end();
}

void mps2_fatal(const char *message) {
    mp_printf(MP_PYTHON_PRINTER, "\nFATAL: %s\n", message);
    mps2_set_reset_cause(RESET_CAUSE_FAULT);
    mps2_reset();
}

void nlr_jump_fail(void *value) {
    (void)value;
    mps2_fatal("uncaught exception");
}

void mp_hal_get_random(size_t size, void *buffer) {
    if (!host_random(buffer, size)) {
        mps2_fatal("no random numbers from the host");
    }
}

uint32_t mps2_random_u32(void) {
    uint32_t value;
    mp_hal_get_random(sizeof(value), &value);
    return value;
}

// lwIP's only other wish of a C library: netif_find() reads the number in "en0".
int atoi(const char *text) {
    int value = 0;
    while (unichar_isdigit((unichar)*text)) {
        value = value * 10 + *text++ - '0';
    }
    return value;
}

void __assert_func(const char *file, int line, const char *function, const char *expression) {
    mp_printf(MP_PYTHON_PRINTER, "%s:%d: %s: ", file, line, function);
    mps2_fatal(expression);
}
