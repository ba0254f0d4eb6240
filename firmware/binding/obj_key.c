/* SPDX-License-Identifier: MIT
 *
 * PrivateKey and PresharedKey: handles of 32 secret bytes.
 */
#include <string.h>

#include "binding.h"
#include "wg_util.h"
#include "wg_x25519.h"

#define KEY_BYTES 32

typedef struct {
    bool in_use;
    uint8_t bytes[KEY_BYTES];
} key_slot;

typedef struct {
    mp_obj_base_t base;
    key_slot *slot; /* NULL once wiped */
} key_obj;

static key_slot keys[WG_KEYS_MAX];

static key_obj *new_key(const mp_obj_type_t *type) {
    key_obj *self = mp_obj_malloc_with_finaliser(key_obj, type);
    self->slot = NULL; /* the finaliser may run if the next line raises */
    self->slot = wg_pool_take(keys, WG_KEYS_MAX, sizeof keys[0]);
    return self;
}

static mp_obj_t key_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                             const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    const uint8_t *bytes = wg_bytes_arg(args[0], KEY_BYTES);
    key_obj *self = new_key(type);
    memcpy(self->slot->bytes, bytes, KEY_BYTES);
    return MP_OBJ_FROM_PTR(self);
}

const uint8_t *wg_key_bytes(mp_obj_t obj, const mp_obj_type_t *type) {
    if (!mp_obj_is_type(obj, type)) {
        mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("%q expected"), (qstr)type->name);
    }
    const key_obj *self = MP_OBJ_TO_PTR(obj);
    if (self->slot == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("key was wiped"));
    }
    return self->slot->bytes;
}

static mp_obj_t private_key_generate(void) {
    key_obj *self = new_key(&wg_type_private_key);
    uint8_t *k = self->slot->bytes;
    wg_random(k, KEY_BYTES);
    k[0] &= 248; /* clamped as `wg genkey` does, so that an export looks the same everywhere */
    k[31] = (uint8_t)((k[31] & 127) | 64);
    return MP_OBJ_FROM_PTR(self);
}
static MP_DEFINE_CONST_FUN_OBJ_0(private_key_generate_fun, private_key_generate);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(private_key_generate_obj,
                                        MP_ROM_PTR(&private_key_generate_fun));

static mp_obj_t private_key_public_key(mp_obj_t self) {
    uint8_t public_key[KEY_BYTES];
    wg_x25519_base(public_key, wg_key_bytes(self, &wg_type_private_key));
    return mp_obj_new_bytes(public_key, KEY_BYTES);
}
static MP_DEFINE_CONST_FUN_OBJ_1(private_key_public_key_obj, private_key_public_key);

static mp_obj_t key_export_into(mp_obj_t self, mp_obj_t buffer) {
    memcpy(wg_writable_arg(buffer, KEY_BYTES), wg_key_bytes(self, mp_obj_get_type(self)),
           KEY_BYTES);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(key_export_into_obj, key_export_into);

static mp_obj_t key_wipe(mp_obj_t self_in) {
    key_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->slot != NULL) {
        wg_wipe(self->slot, sizeof *self->slot); /* also frees it: in_use becomes false */
        self->slot = NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(key_wipe_obj, key_wipe);

static const mp_rom_map_elem_t private_key_table[] = {
    {MP_ROM_QSTR(MP_QSTR_generate), MP_ROM_PTR(&private_key_generate_obj)},
    {MP_ROM_QSTR(MP_QSTR_public_key), MP_ROM_PTR(&private_key_public_key_obj)},
    {MP_ROM_QSTR(MP_QSTR_export_into), MP_ROM_PTR(&key_export_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&key_wipe_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&key_wipe_obj)},
};
static MP_DEFINE_CONST_DICT(private_key_dict, private_key_table);

MP_DEFINE_CONST_OBJ_TYPE(wg_type_private_key, MP_QSTR_PrivateKey, MP_TYPE_FLAG_NONE, make_new,
                         key_make_new, locals_dict, &private_key_dict);

static const mp_rom_map_elem_t preshared_key_table[] = {
    {MP_ROM_QSTR(MP_QSTR_export_into), MP_ROM_PTR(&key_export_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&key_wipe_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&key_wipe_obj)},
};
static MP_DEFINE_CONST_DICT(preshared_key_dict, preshared_key_table);

MP_DEFINE_CONST_OBJ_TYPE(wg_type_preshared_key, MP_QSTR_PresharedKey, MP_TYPE_FLAG_NONE, make_new,
                         key_make_new, locals_dict, &preshared_key_dict);
