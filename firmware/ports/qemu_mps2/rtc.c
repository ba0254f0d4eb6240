// SPDX-License-Identifier: MIT
#include "py/runtime.h"
#include "py/mphal.h"
#include "shared/timeutils/timeutils.h"

#include "clock.h"
#include "rtc.h"

#define US_PER_S 1000000u
#define S_2000_01_01 946684800u // since 1970

static uint64_t start_us = (uint64_t)S_2000_01_01 * US_PER_S;

uint64_t rtc_us(void) {
    return start_us + clock_us();
}

void rtc_set_us(uint64_t us) {
    start_us = us - clock_us();
}

uint64_t mp_hal_time_ns(void) {
    return rtc_us() * 1000;
}

static mp_obj_t rtc_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                             const mp_obj_t *args) {
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    static const mp_obj_base_t rtc_obj = {&machine_rtc_type};
    (void)type;
    return MP_OBJ_FROM_PTR(&rtc_obj);
}

static mp_obj_t get_datetime(void) {
    uint64_t us = rtc_us();
    timeutils_struct_time_t tm;
    timeutils_seconds_since_epoch_to_struct_time((mp_uint_t)(us / US_PER_S), &tm);
    mp_obj_t fields[8] = {
        mp_obj_new_int(tm.tm_year), mp_obj_new_int(tm.tm_mon),
        mp_obj_new_int(tm.tm_mday), mp_obj_new_int(tm.tm_wday),
        mp_obj_new_int(tm.tm_hour), mp_obj_new_int(tm.tm_min),
        mp_obj_new_int(tm.tm_sec),  mp_obj_new_int((mp_int_t)(us % US_PER_S)),
    };
    return mp_obj_new_tuple(8, fields);
}

// datetime([(year, month, day, weekday, hours, minutes, seconds, microseconds)])
static mp_obj_t rtc_datetime(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return get_datetime();
    }
    mp_obj_t *field;
    mp_obj_get_array_fixed_n(args[1], 8, &field);
    uint64_t seconds = timeutils_seconds_since_epoch(
        (mp_uint_t)mp_obj_get_int(field[0]), (mp_uint_t)mp_obj_get_int(field[1]),
        (mp_uint_t)mp_obj_get_int(field[2]), (mp_uint_t)mp_obj_get_int(field[4]),
        (mp_uint_t)mp_obj_get_int(field[5]), (mp_uint_t)mp_obj_get_int(field[6]));
    rtc_set_us(seconds * US_PER_S + (uint32_t)mp_obj_get_int(field[7]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(rtc_datetime_obj, 1, 2, rtc_datetime);

static const mp_rom_map_elem_t rtc_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_datetime), MP_ROM_PTR(&rtc_datetime_obj)},
};
static MP_DEFINE_CONST_DICT(rtc_locals, rtc_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(machine_rtc_type, MP_QSTR_RTC, MP_TYPE_FLAG_NONE, make_new, rtc_make_new,
                         locals_dict, &rtc_locals);
