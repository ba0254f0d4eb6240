// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/softtimer.h"

#include "clock.h"
#include "mps2.h"
#include "pendsv.h"

#define TICKS_PER_MS (MICROPY_HW_CLOCK_HZ / 1000)
#define TICKS_PER_US (MICROPY_HW_CLOCK_HZ / 1000000)

// The longest alarm: well under half a turn of the 32-bit counter (171 s at 25 MHz), so that
// clock_ticks() sees each turn.
#define ALARM_MAX_MS 30000

static volatile bool event;

void clock_init(void) {
    MPS2_CLOCK->load = 0xffffffff;
    MPS2_CLOCK->control = DUALTIMER_ENABLE | DUALTIMER_32BIT;
    mps2_irq_enable_line(MICROPY_HW_ALARM_IRQ);
}

// Unlike a count of SysTick interrupts this loses nothing when interrupts are off for long or the
// emulator is not scheduled.
uint64_t clock_ticks(void) {
    static uint32_t last, turns;
    uint32_t state = mps2_irq_disable();
    uint32_t now = ~MPS2_CLOCK->value; // counts down from 0xffffffff
    turns += now < last;
    last = now;
    uint64_t ticks = (uint64_t)turns << 32 | now;
    mps2_irq_restore(state);
    return ticks;
}

uint64_t clock_us(void) {
    return clock_ticks() / TICKS_PER_US;
}

void clock_set_event(void) {
    event = true;
}

uint32_t soft_timer_get_ms(void) {
    return mp_hal_ticks_ms();
}

// Called with the dispatch suspended or by the dispatch itself.
void soft_timer_schedule_at_ms(uint32_t deadline_ms) {
    uint64_t now = clock_ticks();
    int32_t ms = soft_timer_ticks_diff(deadline_ms, (uint32_t)(now / TICKS_PER_MS));
    ms = MAX(0, MIN(ms, ALARM_MAX_MS));
    uint32_t into_ms = (uint32_t)(now % TICKS_PER_MS);
    uint32_t ticks = ms ? (uint32_t)ms * TICKS_PER_MS - into_ms : 1;
    MPS2_ALARM->ctrl = 0;
    MPS2_ALARM->intclear = 1;
    MPS2_ALARM->reload = ticks;
    MPS2_ALARM->value = ticks;
    MPS2_ALARM->ctrl = TIMER_CTRL_EN | TIMER_CTRL_IRQEN;
}

void clock_alarm_irq(void) {
    MPS2_ALARM->ctrl = 0; // the timer reloads: one shot is enough
    MPS2_ALARM->intclear = 1;
    clock_set_event();
    pendsv_schedule_dispatch(PENDSV_DISPATCH_SOFT_TIMER, soft_timer_handler);
}

// WFI wakes for a pending interrupt even while PRIMASK holds it back, so the look at `event` and
// the sleep cannot be torn apart (Armv7-M ARM B1.5.19).
static void sleep_until_event(void) {
    uint32_t state = mps2_irq_disable();
    if (!event) {
        __asm volatile("dsb\n wfi" ::: "memory");
    }
    event = false;
    mps2_irq_restore(state);
}

void clock_wait_ms(int32_t timeout_ms) {
    if (timeout_ms < 0) {
        sleep_until_event();
    } else if (timeout_ms > 0) {
        soft_timer_entry_t deadline; // no callback: its interrupt is what is wanted
        soft_timer_static_init(&deadline, SOFT_TIMER_MODE_ONE_SHOT, 0, NULL);
        soft_timer_insert(&deadline, (uint32_t)timeout_ms);
        sleep_until_event();
        soft_timer_remove(&deadline);
    }
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(clock_ticks() / TICKS_PER_MS);
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)clock_us();
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return (mp_uint_t)clock_ticks();
}

void mp_hal_delay_ms(mp_uint_t ms) {
    mp_uint_t start = mp_hal_ticks_ms();
    mp_uint_t elapsed = 0;
    do {
        mp_event_wait_ms(ms - elapsed);
        elapsed = mp_hal_ticks_ms() - start;
    } while (elapsed < ms);
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = clock_us() + us;
    if (us > 2000) {
        mp_hal_delay_ms(us / 1000 - 1);
    }
    while (clock_us() < end) {
    }
}
