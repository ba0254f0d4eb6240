/* SPDX-License-Identifier: MIT
 *
 * Lets the files of firmware/binding be compiled into a native module. There are three differences
 * to a module that is linked into the firmware:
 *
 *   - the number of a qstr is known when the module is loaded, not when it is compiled. A constant
 *     table holds an index of mp_native_qstr_table instead (WG_QSTR_…, made by the Makefile), and
 *     types.c makes dictionaries and types of the tables when the module is imported;
 *   - only mp_fun_table is to be had of the runtime: what it lacks is here in terms of the rest;
 *   - there are no writable statics. A slot for a secret is a block of the collected heap, which
 *     does not move; and as no object made here can have a finaliser, wipe() is what wipes it.
 */
#ifndef WG_NATMOD_H
#define WG_NATMOD_H

#include "natmod_qstrs.h"

/* ---- tables ---- */

#ifdef __XTENSA__
/* mpy_ld.py knows the table's address, but not an address in the table. */
static inline const uint16_t *natmod_qstrs(void) {
    const uint16_t *table = mp_native_qstr_table;
    __asm__("" : "+r"(table));
    return table;
}
#define mp_native_qstr_table natmod_qstrs()
#endif

typedef struct {
    const mp_rom_map_elem_t *entry;
    size_t entries;
} natmod_dict;

typedef struct {
    mp_rom_obj_t name;
    mp_make_new_fun_t make_new;
    const natmod_dict *locals_dict;
} natmod_type;

/* Told from a function object, the other thing that tables point to, by its empty type. */
typedef struct {
    const mp_obj_type_t *none;
    const void *function;
} natmod_static_method;

#undef MP_ROM_QSTR
#define MP_ROM_QSTR(q) ((mp_rom_obj_t)(uintptr_t)(WG_QSTR_##q))

#undef MP_DEFINE_CONST_DICT
#define MP_DEFINE_CONST_DICT(name, table) const natmod_dict name = {table, MP_ARRAY_SIZE(table)}

#undef MP_DEFINE_CONST_OBJ_TYPE
#define NATMOD_SLOTS_2(slot, value) .slot = value
#define NATMOD_SLOTS_4(slot, value, slot2, value2) .slot = value, .slot2 = value2
#define NATMOD_SLOTS(a, b, c, d, count, ...) count
#define MP_DEFINE_CONST_OBJ_TYPE(type, q, flags, ...)                                              \
    static const natmod_type natmod_##type = {                                                     \
        .name = (mp_rom_obj_t)(uintptr_t)(WG_QSTR_##q),                                            \
        NATMOD_SLOTS(__VA_ARGS__, NATMOD_SLOTS_4, , NATMOD_SLOTS_2, )(__VA_ARGS__)}

#undef MP_DEFINE_CONST_STATICMETHOD_OBJ
#define MP_DEFINE_CONST_STATICMETHOD_OBJ(name, fun) const natmod_static_method name = {NULL, fun}

/* A type of this module, by its name in it. */
static const mp_obj_type_t *natmod_type_named(qstr name);
#define wg_type_private_key (*natmod_type_named(MP_QSTR_PrivateKey))
#define wg_type_preshared_key (*natmod_type_named(MP_QSTR_PresharedKey))
#define wg_type_symmetric_state (*natmod_type_named(MP_QSTR_SymmetricState))
#define wg_type_session (*natmod_type_named(MP_QSTR_Session))

/* ---- the runtime ---- */

#undef mp_obj_is_type
#define mp_obj_is_type(o, t) (mp_obj_get_type(o) == (t))

#undef mp_obj_malloc_with_finaliser
#define mp_obj_malloc_with_finaliser(struct_type, type) mp_obj_malloc(struct_type, type)

#undef m_new_maybe
#define m_new_maybe(type, n) ((type *)m_realloc_maybe(NULL, sizeof(type) * (n), false))

#define mp_call_function_1(function, argument) natmod_call(function, argument)
static mp_obj_t natmod_call(mp_obj_t function, mp_obj_t argument);

/* The message has one place for a number (%d, %u) or a name (%q). */
#undef mp_raise_msg_varg
#define mp_raise_msg_varg(type, message, argument)                                                 \
    natmod_raise(type, message, (mp_uint_t)(argument))
static _Noreturn void natmod_raise(const mp_obj_type_t *type, const char *message,
                                   mp_uint_t argument);

#define mp_obj_new_int_from_ull(value) natmod_new_uint64(value)
static mp_obj_t natmod_new_uint64(uint64_t value);
static uint64_t natmod_get_uint64(mp_obj_t value);

#define gc_collect() ((void)0)

#define vstr_init_len natmod_vstr_init_len
#define vstr_clear natmod_vstr_clear
#define mp_obj_new_bytes_from_vstr natmod_bytes_from_vstr
static void natmod_vstr_init_len(vstr_t *vstr, size_t len);
static void natmod_vstr_clear(vstr_t *vstr);
static mp_obj_t natmod_bytes_from_vstr(vstr_t *vstr);

#endif
