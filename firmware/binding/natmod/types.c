/* SPDX-License-Identifier: MIT
 *
 * Makes dictionaries and types of the constant tables, when the module is imported. A part of
 * natmod.c.
 */

/* A WG_QSTR_ number: twice the qstr itself, or twice its place in the module's own table and 1. */
static qstr natmod_qstr(mp_rom_obj_t index_in) {
    uintptr_t index = (uintptr_t)index_in;
    return (index & 1) != 0 ? mp_native_qstr_table[index >> 1] : (qstr)(index >> 1);
}

static mp_obj_t natmod_value(mp_rom_obj_t value) {
    if (!mp_obj_is_obj((mp_obj_t)(uintptr_t)value)) {
        return (mp_obj_t)(uintptr_t)value; /* a small int */
    }
    const natmod_static_method *method = value;
    if (method->none != NULL) {
        return MP_OBJ_FROM_PTR(value); /* a function */
    }
    return natmod_call(mp_load_global(MP_QSTR_staticmethod), MP_OBJ_FROM_PTR(method->function));
}

static mp_obj_t natmod_new_dict(const natmod_dict *from) {
    mp_obj_t dict = mp_obj_new_dict(from->entries);
    for (size_t i = 0; i < from->entries; i++) {
        const mp_rom_map_elem_t *entry = &from->entry[i];
        mp_obj_t key = MP_OBJ_NEW_QSTR(natmod_qstr(entry->key));
        mp_obj_dict_store(dict, key, natmod_value(entry->value));
    }
    return dict;
}

static void natmod_store_type(const natmod_type *from) {
    mp_obj_full_type_t *type = m_malloc(sizeof *type);
    memset(type, 0, sizeof *type);
    qstr name = natmod_qstr(from->name);
    type->base.type = &mp_type_type;
    type->flags = MP_TYPE_FLAG_NONE;
    type->name = name;
    MP_OBJ_TYPE_SET_SLOT(type, locals_dict, MP_OBJ_TO_PTR(natmod_new_dict(from->locals_dict)), 0);
    if (from->make_new != NULL) {
        MP_OBJ_TYPE_SET_SLOT(type, make_new, from->make_new, 1);
    }
    mp_store_global(name, MP_OBJ_FROM_PTR(type));
}

static void natmod_store_all(const natmod_dict *from) {
    for (size_t i = 0; i < from->entries; i++) {
        mp_store_global(natmod_qstr(from->entry[i].key), natmod_value(from->entry[i].value));
    }
}
