/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mperrno.h"

#include "binding.h"
#include "wg_accel.h"
#include "wg_util.h"

void wg_buffer_arg(mp_obj_t obj, const uint8_t **data, size_t *len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, MP_BUFFER_READ);
    *data = info.buf;
    *len = info.len;
}

static void check_length(size_t got, size_t expected) {
    if (got != expected) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%d bytes expected"), (int)expected);
    }
}

const uint8_t *wg_bytes_arg(mp_obj_t obj, size_t len) {
    const uint8_t *data;
    size_t got;
    wg_buffer_arg(obj, &data, &got);
    check_length(got, len);
    return data;
}

uint8_t *wg_writable_arg(mp_obj_t obj, size_t len) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(obj, &info, MP_BUFFER_WRITE);
    check_length(info.len, len);
    return info.buf;
}

#define SMALL_INT_LIMIT (1u << 30)

mp_obj_t wg_new_int64(uint64_t value) {
    if (value < SMALL_INT_LIMIT) {
        return MP_OBJ_NEW_SMALL_INT((mp_int_t)value);
    }
    return mp_obj_new_int_from_ull(value);
}

bool wg_entropy_os(uint8_t *out, size_t len) {
#if MICROPY_ENABLE_DYNRUNTIME
    mp_obj_t os = mp_import_name(MP_QSTR_os, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
#else
    /* Not by name: an import looks for a file os.py first, in flash, each time. */
    extern const mp_obj_module_t mp_module_os;
    mp_obj_t os = MP_OBJ_FROM_PTR(&mp_module_os);
#endif
    mp_obj_t bytes =
        mp_call_function_1(mp_load_attr(os, MP_QSTR_urandom), MP_OBJ_NEW_SMALL_INT((mp_int_t)len));
    const uint8_t *data = wg_bytes_arg(bytes, len);
    memcpy(out, data, len);
    wg_wipe((void *)(uintptr_t)data, len);
    return true;
}

void wg_random(uint8_t *out, size_t len) {
    if (!WG_ENTROPY(out, len)) {
        mp_raise_OSError(MP_EIO);
    }
#ifdef WG_ACCEL
    wg_accel_mix(out, len);
#endif
}

static void *find_free(uint8_t *pool, size_t slots, size_t slot_bytes) {
    for (size_t i = 0; i < slots; i++) {
        bool *in_use = (bool *)(pool + i * slot_bytes);
        if (!*in_use) {
            *in_use = true;
            return in_use;
        }
    }
    return NULL;
}

void *wg_pool_take(void *pool, size_t slots, size_t slot_bytes) {
    void *slot = find_free(pool, slots, slot_bytes);
    if (slot == NULL) {
        gc_collect(); /* handles that nobody holds any more give their slots back */
        slot = find_free(pool, slots, slot_bytes);
    }
    if (slot == NULL) {
        mp_raise_OSError(MP_ENOMEM);
    }
    return slot;
}
