/* SPDX-License-Identifier: MIT
 *
 * SymmetricState, the secret half of a handshake, and Session, its result on the way to install().
 */
#include <string.h>

#include "binding.h"
#include "wg_aead.h"
#include "wg_util.h"

#define KEY_BYTES 32
#define TAG_BYTES 16

typedef struct {
    bool in_use;
    wg_symmetric state;
} state_slot;

typedef struct {
    mp_obj_base_t base;
    state_slot *slot;
} state_obj;

typedef struct {
    bool in_use;
    wg_session session;
} session_slot;

typedef struct {
    mp_obj_base_t base;
    session_slot *slot;
} session_obj;

static state_slot states[WG_HANDSHAKES_MAX];
static session_slot sessions[WG_LOOSE_SESSIONS_MAX];

/* ---- SymmetricState ---- */

static mp_obj_t state_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                               const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 2, false);
    const uint8_t *responder = wg_bytes_arg(args[0], KEY_BYTES);
    const uint8_t *prologue = NULL;
    size_t prologue_len = 0;
    if (n_args == 2) {
        wg_buffer_arg(args[1], &prologue, &prologue_len);
    }
    state_obj *self = mp_obj_malloc_with_finaliser(state_obj, type);
    self->slot = NULL;
    self->slot = wg_pool_take(states, WG_HANDSHAKES_MAX, sizeof states[0]);
    wg_symmetric_init(&self->slot->state, responder, prologue, prologue_len);
    return MP_OBJ_FROM_PTR(self);
}

static wg_symmetric *state_of(mp_obj_t self_in) {
    state_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->slot == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("handshake state was wiped"));
    }
    return &self->slot->state;
}

static mp_obj_t state_mix_hash(mp_obj_t self, mp_obj_t data_in) {
    const uint8_t *data;
    size_t len;
    wg_buffer_arg(data_in, &data, &len);
    wg_symmetric_mix_hash(state_of(self), data, len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(state_mix_hash_obj, state_mix_hash);

static mp_obj_t state_mix_key(mp_obj_t self, mp_obj_t data_in) {
    const uint8_t *data;
    size_t len;
    wg_buffer_arg(data_in, &data, &len);
    wg_symmetric_mix_key(state_of(self), data, len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(state_mix_key_obj, state_mix_key);

static mp_obj_t state_mix_dh(mp_obj_t self, mp_obj_t private_key, mp_obj_t public_key) {
    const uint8_t *scalar = wg_key_bytes(private_key, &wg_type_private_key);
    const uint8_t *point = wg_bytes_arg(public_key, KEY_BYTES);
    return mp_obj_new_bool(wg_symmetric_mix_dh(state_of(self), scalar, point));
}
static MP_DEFINE_CONST_FUN_OBJ_3(state_mix_dh_obj, state_mix_dh);

static mp_obj_t state_mix_psk(mp_obj_t self, mp_obj_t psk) {
    const uint8_t *bytes = psk == mp_const_none ? NULL : wg_key_bytes(psk, &wg_type_preshared_key);
    wg_symmetric_mix_psk(state_of(self), bytes);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(state_mix_psk_obj, state_mix_psk);

static mp_obj_t state_seal(mp_obj_t self, mp_obj_t plain_in) {
    const uint8_t *plain;
    size_t len;
    wg_buffer_arg(plain_in, &plain, &len);
    wg_symmetric *state = state_of(self);
    vstr_t out;
    vstr_init_len(&out, len + TAG_BYTES);
    wg_symmetric_seal(state, (uint8_t *)out.buf, plain, len);
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_2(state_seal_obj, state_seal);

static mp_obj_t state_open(mp_obj_t self, mp_obj_t cipher_in) {
    const uint8_t *cipher;
    size_t len;
    wg_buffer_arg(cipher_in, &cipher, &len);
    wg_symmetric *state = state_of(self);
    if (len < TAG_BYTES) {
        return mp_const_none;
    }
    vstr_t out;
    vstr_init_len(&out, len - TAG_BYTES);
    if (!wg_symmetric_open(state, (uint8_t *)out.buf, cipher, len)) {
        vstr_clear(&out);
        return mp_const_none;
    }
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_2(state_open_obj, state_open);

static mp_obj_t state_wipe(mp_obj_t self_in) {
    state_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->slot != NULL) {
        wg_wipe(self->slot, sizeof *self->slot);
        self->slot = NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(state_wipe_obj, state_wipe);

/* split(initiator, local_index, remote_index, now_ms): the clock that counts is the interface's,
 * which stamps the session at install(). */
static mp_obj_t state_split(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_symmetric *state = state_of(args[0]);
    bool initiator = mp_obj_is_true(args[1]);
    uint32_t local_index = (uint32_t)mp_obj_get_int_truncated(args[2]);
    uint32_t remote_index = (uint32_t)mp_obj_get_int_truncated(args[3]);
    session_obj *session = mp_obj_malloc_with_finaliser(session_obj, &wg_type_session);
    session->slot = NULL;
    session->slot = wg_pool_take(sessions, WG_LOOSE_SESSIONS_MAX, sizeof sessions[0]);
    wg_symmetric_split(state, &session->slot->session, initiator, local_index, remote_index, 0);
    state_wipe(args[0]);
    return MP_OBJ_FROM_PTR(session);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(state_split_obj, 5, 5, state_split);

static const mp_rom_map_elem_t state_table[] = {
    {MP_ROM_QSTR(MP_QSTR_mix_hash), MP_ROM_PTR(&state_mix_hash_obj)},
    {MP_ROM_QSTR(MP_QSTR_mix_key), MP_ROM_PTR(&state_mix_key_obj)},
    {MP_ROM_QSTR(MP_QSTR_mix_dh), MP_ROM_PTR(&state_mix_dh_obj)},
    {MP_ROM_QSTR(MP_QSTR_mix_psk), MP_ROM_PTR(&state_mix_psk_obj)},
    {MP_ROM_QSTR(MP_QSTR_seal), MP_ROM_PTR(&state_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&state_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_split), MP_ROM_PTR(&state_split_obj)},
    {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&state_wipe_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&state_wipe_obj)},
};
static MP_DEFINE_CONST_DICT(state_dict, state_table);

MP_DEFINE_CONST_OBJ_TYPE(wg_type_symmetric_state, MP_QSTR_SymmetricState, MP_TYPE_FLAG_NONE,
                         make_new, state_make_new, locals_dict, &state_dict);

/* ---- Session ---- */

wg_session *wg_session_of(mp_obj_t self_in) {
    if (!mp_obj_is_type(self_in, &wg_type_session)) {
        mp_raise_TypeError(MP_ERROR_TEXT("Session expected"));
    }
    session_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->slot == NULL || !self->slot->session.in_use) {
        mp_raise_ValueError(MP_ERROR_TEXT("session was wiped"));
    }
    return &self->slot->session;
}

static mp_obj_t session_seal(mp_obj_t self, mp_obj_t inner_in) {
    const uint8_t *inner;
    size_t len;
    wg_session *session = wg_session_of(self);
    wg_buffer_arg(inner_in, &inner, &len);
    vstr_t out;
    vstr_init_len(&out, len + WG_DATA_OVERHEAD_BYTES + 15);
    memcpy(out.buf + WG_DATA_HEADER_BYTES, inner, len);
    out.len = wg_session_seal(session, (uint8_t *)out.buf, len);
    return out.len == 0 ? mp_const_none : mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_2(session_seal_obj, session_seal);

static mp_obj_t session_open(mp_obj_t self, mp_obj_t message_in) {
    const uint8_t *message;
    size_t len, inner_len;
    wg_session *session = wg_session_of(self);
    wg_buffer_arg(message_in, &message, &len);
    if (len < WG_DATA_OVERHEAD_BYTES) {
        return mp_const_none;
    }
    vstr_t work;
    vstr_init_len(&work, len);
    memcpy(work.buf, message, len);
    if (!wg_session_open(session, (uint8_t *)work.buf, len, &inner_len)) {
        vstr_clear(&work);
        return mp_const_none;
    }
    mp_obj_t inner = mp_obj_new_bytes((const byte *)work.buf + WG_DATA_HEADER_BYTES, inner_len);
    vstr_clear(&work);
    return inner;
}
static MP_DEFINE_CONST_FUN_OBJ_2(session_open_obj, session_open);

/* open_in(message): as open, but in the caller's buffer, which he can wipe: the inner packet is
 * then at message[16:], and its length comes back. */
static mp_obj_t session_open_in(mp_obj_t self, mp_obj_t message_in) {
    mp_buffer_info_t message;
    size_t inner_len;
    wg_session *session = wg_session_of(self);
    mp_get_buffer_raise(message_in, &message, MP_BUFFER_WRITE);
    if (!wg_session_open(session, message.buf, message.len, &inner_len)) {
        return mp_const_none;
    }
    return MP_OBJ_NEW_SMALL_INT((mp_int_t)inner_len);
}
static MP_DEFINE_CONST_FUN_OBJ_2(session_open_in_obj, session_open_in);

void wg_session_free(mp_obj_t self_in) {
    session_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->slot != NULL) {
        wg_wipe(self->slot, sizeof *self->slot);
        self->slot = NULL;
    }
}

static mp_obj_t session_wipe(mp_obj_t self) {
    wg_session_free(self);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(session_wipe_obj, session_wipe);

static const mp_rom_map_elem_t session_table[] = {
    {MP_ROM_QSTR(MP_QSTR_seal), MP_ROM_PTR(&session_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&session_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_open_in), MP_ROM_PTR(&session_open_in_obj)},
    {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&session_wipe_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&session_wipe_obj)},
};
static MP_DEFINE_CONST_DICT(session_dict, session_table);

MP_DEFINE_CONST_OBJ_TYPE(wg_type_session, MP_QSTR_Session, MP_TYPE_FLAG_NONE, locals_dict,
                         &session_dict);
