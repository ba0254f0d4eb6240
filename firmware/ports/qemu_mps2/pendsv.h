// SPDX-License-Identifier: MIT
// Work below every interrupt and above the thread: soft timers and all of lwIP run here. The names
// are those of MicroPython's rp2 and stm32 ports.
#ifndef QEMU_MPS2_PENDSV_H
#define QEMU_MPS2_PENDSV_H

#include <stddef.h>

enum {
    PENDSV_DISPATCH_SOFT_TIMER,
    PENDSV_DISPATCH_LAN,
    PENDSV_DISPATCH_USER, // free for a user C module
    PENDSV_DISPATCH_NUM_SLOTS,
};

typedef void (*pendsv_dispatch_t)(void);

void pendsv_init(void);
// Keep the dispatch from running; nests. Callable by the thread and by dispatched functions.
void pendsv_suspend(void);
void pendsv_resume(void);
// Run f once at PendSV level. Callable from anywhere.
void pendsv_schedule_dispatch(size_t slot, pendsv_dispatch_t f);
void PendSV_Handler(void);

#endif
