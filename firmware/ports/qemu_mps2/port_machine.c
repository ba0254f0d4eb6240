// SPDX-License-Identifier: MIT
// Included by extmod/modmachine.c.
#include <string.h>

#include "py/mphal.h"

#include "clock.h"
#include "flash.h"
#include "lan9118.h"
#include "mps2.h"
#include "rtc.h"

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS                                                           \
    {MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&machine_rtc_type)},                                     \
        {MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(RESET_CAUSE_POWER_ON)},                      \
        {MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(RESET_CAUSE_HARD)},                           \
        {MP_ROM_QSTR(MP_QSTR_FAULT_RESET), MP_ROM_INT(RESET_CAUSE_FAULT)},                         \
        {MP_ROM_QSTR(MP_QSTR_SOFT_RESET), MP_ROM_INT(RESET_CAUSE_SOFT)},

static void mp_machine_idle(void) {
    mp_event_wait_ms(1);
}

static void mp_machine_reset(void) {
    mps2_set_reset_cause(RESET_CAUSE_HARD);
    mps2_reset();
}

static mp_int_t mp_machine_reset_cause(void) {
    return mps2_reset_cause();
}

// Without a flash file boards differ by their Ethernet address, which QEMU's mac= sets.
static mp_obj_t mp_machine_unique_id(void) {
    uint8_t id[BOARD_ID_BYTES] = {0};
    if (!flash_get_id(id)) {
        lan9118_get_mac(id);
    }
    return mp_obj_new_bytes(id, sizeof(id));
}

static mp_obj_t mp_machine_get_freq(void) {
    return MP_OBJ_NEW_SMALL_INT(MICROPY_HW_CLOCK_HZ);
}

static void mp_machine_set_freq(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    (void)args;
    mp_raise_NotImplementedError(MP_ERROR_TEXT("machine.freq set not supported yet"));
}

static void mp_machine_lightsleep(size_t n_args, const mp_obj_t *args) {
    if (n_args) {
        mp_hal_delay_ms((mp_uint_t)mp_obj_get_int(args[0]));
    } else {
        mp_event_wait_indefinite();
    }
}

static void mp_machine_deepsleep(size_t n_args, const mp_obj_t *args) {
    mp_machine_lightsleep(n_args, args);
    mp_machine_reset();
}
