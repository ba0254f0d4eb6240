/* SPDX-License-Identifier: MIT
 *
 * natmod.h's part of the runtime, and what the compiler calls. A part of natmod.c.
 */

/* ---- C ---- */

#define NATMOD_CALLED __attribute__((used, externally_visible, noinline))

NATMOD_CALLED void *memcpy(void *to, const void *from, size_t n) {
    uint8_t *t = to;
    const uint8_t *f = from;
    if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
        typedef uint32_t __attribute__((may_alias)) any_word;
        for (; n >= 4; n -= 4, t += 4, f += 4) {
            *(any_word *)t = *(const any_word *)f;
        }
    }
    for (; n != 0; n--) {
        *t++ = *f++;
    }
    return to;
}

NATMOD_CALLED void *memset(void *to, int byte, size_t n) {
    for (uint8_t *t = to; n != 0; n--) {
        *t++ = (uint8_t)byte;
    }
    return to;
}

NATMOD_CALLED void *memmove(void *to, const void *from, size_t n) {
    return mp_fun_table.memmove_(to, from, n);
}

NATMOD_CALLED int memcmp(const void *a, const void *b, size_t n) {
    const uint8_t *x = a, *y = b;
    for (; n != 0; n--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

NATMOD_CALLED size_t strlen(const char *text) {
    size_t n = 0;
    while (text[n] != 0) {
        n++;
    }
    return n;
}

/* ---- Python ---- */

static mp_obj_t natmod_call(mp_obj_t function, mp_obj_t argument) {
    return mp_call_function_n_kw(function, 1, 0, &argument);
}

static const mp_obj_type_t *natmod_type_named(qstr name) {
    mp_obj_t module = mp_import_name(MP_QSTR__wireguard, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    return MP_OBJ_TO_PTR(mp_load_attr(module, name));
}

#define MESSAGE_MAX_BYTES 64

/* raise type(message % argument) */
static _Noreturn void natmod_raise(const mp_obj_type_t *type, const char *message,
                                   mp_uint_t argument) {
    char format[MESSAGE_MAX_BYTES];
    mp_obj_t value = mp_obj_new_int_from_uint(argument);
    size_t len = 0;
    for (; len < sizeof format && message[len] != 0; len++) {
        format[len] = message[len];
        if (message[len] == 'q' && len != 0 && message[len - 1] == '%') {
            format[len] = 's';
            value = MP_OBJ_NEW_QSTR(argument);
        }
    }
    mp_obj_t values = mp_obj_new_tuple(1, &value);
    mp_obj_t text = mp_binary_op(MP_BINARY_OP_MODULO, mp_obj_new_str(format, len), values);
    nlr_raise(natmod_call(MP_OBJ_FROM_PTR(type), text));
}

#define WORD_BITS 32

static mp_obj_t natmod_new_uint64(uint64_t value) {
    mp_obj_t high = mp_obj_new_int_from_uint((uint32_t)(value >> WORD_BITS));
    high = mp_binary_op(MP_BINARY_OP_LSHIFT, high, MP_OBJ_NEW_SMALL_INT(WORD_BITS));
    return mp_binary_op(MP_BINARY_OP_OR, high, mp_obj_new_int_from_uint((uint32_t)value));
}

static uint64_t natmod_get_uint64(mp_obj_t value) {
    uint32_t low = (uint32_t)mp_obj_get_int_truncated(value);
    if (mp_obj_is_small_int(value) && MP_OBJ_SMALL_INT_VALUE(value) <= INT32_MAX) {
        return low;
    }
    value = mp_binary_op(MP_BINARY_OP_RSHIFT, value, MP_OBJ_NEW_SMALL_INT(WORD_BITS));
    return (uint64_t)(uint32_t)mp_obj_get_int_truncated(value) << WORD_BITS | low;
}

static void natmod_vstr_init_len(vstr_t *vstr, size_t len) {
    vstr->buf = m_malloc(len == 0 ? 1 : len);
    vstr->len = len;
}

static void natmod_vstr_clear(vstr_t *vstr) {
    m_free(vstr->buf);
    vstr->buf = NULL;
}

static mp_obj_t natmod_bytes_from_vstr(vstr_t *vstr) {
    mp_obj_t bytes = mp_obj_new_bytes((const byte *)vstr->buf, vstr->len);
    natmod_vstr_clear(vstr);
    return bytes;
}

/* In place of the pools' slots: a zeroed block that begins with `bool in_use`. */
static void *natmod_new_slot(size_t bytes) {
    bool *slot = m_malloc(bytes);
    memset(slot, 0, bytes);
    *slot = true;
    return slot;
}
