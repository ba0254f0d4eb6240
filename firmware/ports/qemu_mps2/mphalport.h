// SPDX-License-Identifier: MIT
#ifndef QEMU_MPS2_MPHALPORT_H
#define QEMU_MPS2_MPHALPORT_H

#include "py/obj.h"

#include "clock.h"
#include "mps2.h"
#include "pendsv.h"

#define MICROPY_BEGIN_ATOMIC_SECTION() mps2_irq_disable()
#define MICROPY_END_ATOMIC_SECTION(state) mps2_irq_restore(state)

#define MICROPY_PY_PENDSV_ENTER pendsv_suspend()
#define MICROPY_PY_PENDSV_EXIT pendsv_resume()

// lwIP runs at PendSV level. Thread code that calls it stands between these.
#define MICROPY_PY_LWIP_ENTER pendsv_suspend();
#define MICROPY_PY_LWIP_REENTER pendsv_suspend();
#define MICROPY_PY_LWIP_EXIT pendsv_resume();

#define MICROPY_INTERNAL_WFE(timeout_ms) clock_wait_ms((int32_t)(timeout_ms))

mp_uint_t mp_hal_ticks_ms(void);
mp_uint_t mp_hal_ticks_us(void);
mp_uint_t mp_hal_ticks_cpu(void);
void mp_hal_delay_ms(mp_uint_t ms);
void mp_hal_delay_us(mp_uint_t us);
void mp_hal_set_interrupt_char(int c);

// Cryptographic random bytes, from the host. Returns only with good ones: without them the board
// reports it and resets. os.urandom() raises OSError instead.
void mp_hal_get_random(size_t size, void *buffer);

#endif
