/* SPDX-License-Identifier: MIT
 *
 * Deadlines by MicroPython's soft timers (shared/runtime/softtimer.h), which fire at PendSV level
 * also while the main program is blocked.
 */
#include "py/mphal.h"
#include "shared/runtime/softtimer.h"

#include "binding.h"
#include "wg_netif.h"

typedef struct {
    soft_timer_entry_t entry; /* first: the callback gets its address */
    void (*callback)(size_t slot);
    bool running;
} wake_timer;

static wake_timer timers[WG_INTERFACES_MAX];

static void fired(soft_timer_entry_t *entry) {
    wake_timer *timer = (wake_timer *)entry;
    timer->running = false;
    timer->callback((size_t)(timer - timers));
}

void wg_wake_cancel(size_t slot) {
    if (timers[slot].running) {
        soft_timer_remove(&timers[slot].entry);
        timers[slot].running = false;
    }
}

void wg_wake_after(size_t slot, uint32_t delay_ms, void (*callback)(size_t slot)) {
    wg_wake_cancel(slot);
    timers[slot].callback = callback;
    timers[slot].running = true;
    soft_timer_static_init(&timers[slot].entry, SOFT_TIMER_MODE_ONE_SHOT, 0, fired);
    soft_timer_insert(&timers[slot].entry, delay_ms);
}
