// SPDX-License-Identifier: MIT
// Time base, wake-up alarm and waiting. There is no periodic tick: an idle board sleeps until its
// next deadline, so QEMU takes no host CPU.
#ifndef QEMU_MPS2_CLOCK_H
#define QEMU_MPS2_CLOCK_H

#include <stdint.h>

void clock_init(void);
uint64_t clock_ticks(void); // of MICROPY_HW_CLOCK_HZ since start; never wraps
uint64_t clock_us(void);    // since start
// Remember that something happened, so that a wait that is about to start returns at once. Every
// interrupt handler calls it: between a caller's last look and its WFI the interrupt may have run.
void clock_set_event(void);
// Sleep until an event, an interrupt or timeout_ms (< 0: for ever). May return early.
void clock_wait_ms(int32_t timeout_ms);
void clock_alarm_irq(void);

#endif
