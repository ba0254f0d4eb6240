// SPDX-License-Identifier: MIT
#include "clock.h"
#include "mps2.h"
#include "pendsv.h"

static volatile uint32_t suspend_depth;
static volatile pendsv_dispatch_t slots[PENDSV_DISPATCH_NUM_SLOTS];

void pendsv_init(void) {
    SCB_SHPR3 |= SCB_SHPR3_PENDSV_LOWEST;
}

void pendsv_suspend(void) {
    suspend_depth++;
    __asm volatile("" ::: "memory");
}

static bool any_pending(void) {
    for (size_t i = 0; i < PENDSV_DISPATCH_NUM_SLOTS; i++) {
        if (slots[i]) {
            return true;
        }
    }
    return false;
}

void pendsv_resume(void) {
    __asm volatile("" ::: "memory");
    if (--suspend_depth == 0 && any_pending()) {
        SCB_ICSR = SCB_ICSR_PENDSVSET;
    }
}

void pendsv_schedule_dispatch(size_t slot, pendsv_dispatch_t f) {
    slots[slot] = f;
    SCB_ICSR = SCB_ICSR_PENDSVSET;
}

// While suspended the slots stay set, and pendsv_resume() asks again.
void PendSV_Handler(void) {
    clock_set_event();
    if (suspend_depth) {
        return;
    }
    for (size_t i = 0; i < PENDSV_DISPATCH_NUM_SLOTS; i++) {
        pendsv_dispatch_t f = slots[i];
        if (f) {
            slots[i] = NULL;
            f();
        }
    }
}
