/* SPDX-License-Identifier: MIT
 *
 * Path: the data path without an IP stack (session/include/wg_path.h). Datagrams and inner packets
 * come and go as bytes. A part of natmod.c; obj_path.c has the methods that Netif has as well.
 */

typedef struct {
    mp_obj_base_t base;
    bool in_use;
    uint64_t now_ms; /* what the last call said */
    wg_path path;    /* its peers and prefixes are found by the collector from here */
} path_obj;

static mp_obj_t path_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                              const mp_obj_t *args) {
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    path_obj *self = mp_obj_malloc(path_obj, type);
    self->now_ms = 1;
    self->in_use = true;
    wg_path_init(&self->path);
    return MP_OBJ_FROM_PTR(self);
}

static path_obj *path_of(mp_obj_t self_in) {
    path_obj *self = MP_OBJ_TO_PTR(self_in);
    if (!self->in_use) {
        mp_raise_ValueError(MP_ERROR_TEXT("path was wiped"));
    }
    return self;
}

wg_path *wg_path_of(mp_obj_t self) {
    return &path_of(self)->path;
}

uint64_t wg_path_now_ms(mp_obj_t self) {
    return path_of(self)->now_ms;
}

void wg_path_keep(mp_obj_t self) {
    (void)self;
}

static path_obj *path_at(mp_obj_t self_in, mp_obj_t now_ms) {
    path_obj *self = path_of(self_in);
    self->now_ms = natmod_get_uint64(now_ms);
    return self;
}

/* wipe(id): the sessions of a peer. wipe(): everything, for good. */
static mp_obj_t path_wipe(size_t n_args, const mp_obj_t *args) {
    path_obj *self = MP_OBJ_TO_PTR(args[0]);
    if (n_args == 2 && args[1] != mp_const_none) {
        wg_peer_wipe_sessions(wg_peer_arg(wg_path_of(args[0]), args[1]));
    } else if (self->in_use) {
        wg_path_wipe(&self->path);
        memset(&self->path, 0, sizeof self->path);
        self->in_use = false;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(path_wipe_obj, 1, 2, path_wipe);

/* install(id, session, now_ms): the session is moved, its handle wiped. */
static mp_obj_t path_install(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    path_obj *self = path_at(args[0], args[3]);
    wg_peer *peer = wg_peer_arg(&self->path, args[1]);
    wg_session *session = wg_session_of(args[2]);
    session->created_ms = self->now_ms;
    wg_peer_install(peer, session);
    wg_session_free(args[2]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(path_install_obj, 4, 4, path_install);

/* flush(id, now_ms) -> 0, drop_staged(id): nothing is staged in C here */
static mp_obj_t path_flush(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_peer_arg(wg_path_of(args[0]), args[1]);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(path_flush_obj, 3, 3, path_flush);

static mp_obj_t path_drop_staged(mp_obj_t self, mp_obj_t id) {
    wg_peer_arg(wg_path_of(self), id);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(path_drop_staged_obj, path_drop_staged);

static mp_obj_t path_counters(mp_obj_t self) {
    mp_obj_t dict = mp_obj_new_dict(16);
    wg_path_store_counters(wg_path_of(self), dict);
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_1(path_counters_obj, path_counters);

/* ---- packets ---- */

/* Room for a whole data message, the inner packet in its place. Returns the packet's length. */
static size_t message_with(vstr_t *message, mp_obj_t inner_in) {
    const uint8_t *inner;
    size_t len;
    wg_buffer_arg(inner_in, &inner, &len);
    vstr_init_len(message, len + WG_DATA_OVERHEAD_BYTES + WG_PADDING_BYTES - 1);
    memcpy(message->buf + WG_DATA_HEADER_BYTES, inner, len);
    return len;
}

static mp_obj_t message_or_none(vstr_t *message, size_t len) {
    if (len == 0) {
        vstr_clear(message);
        return mp_const_none;
    }
    message->len = len;
    return mp_obj_new_bytes_from_vstr(message);
}

static mp_obj_t verdict_of(wg_path_verdict verdict, int peer, mp_obj_t data) {
    mp_obj_t items[] = {MP_OBJ_NEW_SMALL_INT(verdict), MP_OBJ_NEW_SMALL_INT(peer), data};
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

/* seal(id, inner, now_ms) -> datagram | None */
static mp_obj_t path_seal(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    path_obj *self = path_at(args[0], args[3]);
    int id = wg_peer_arg(&self->path, args[1])->id;
    vstr_t message;
    size_t len = message_with(&message, args[2]);
    len = wg_path_seal(&self->path, id, (uint8_t *)message.buf, len, self->now_ms);
    return message_or_none(&message, len);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(path_seal_obj, 4, 4, path_seal);

/* output(inner, now_ms) -> (verdict, id, datagram | None) */
static mp_obj_t path_output(mp_obj_t self_in, mp_obj_t inner, mp_obj_t now_ms) {
    path_obj *self = path_at(self_in, now_ms);
    int peer;
    vstr_t message;
    size_t len = message_with(&message, inner);
    wg_path_verdict verdict =
        wg_path_output(&self->path, (uint8_t *)message.buf, len, self->now_ms, &peer, &len);
    return verdict_of(verdict, peer, message_or_none(&message, len));
}
static MP_DEFINE_CONST_FUN_OBJ_3(path_output_obj, path_output);

static mp_obj_t inner_or_none(wg_path_verdict verdict, const vstr_t *message, size_t len) {
    return verdict == WG_PATH_DELIVER
               ? mp_obj_new_bytes((const byte *)message->buf + WG_DATA_HEADER_BYTES, len)
               : mp_const_none;
}

/* input(datagram, address bytes, port, now_ms) -> (verdict, id, inner packet | None) */
static mp_obj_t path_input(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    path_obj *self = path_at(args[0], args[4]);
    const uint8_t *datagram;
    size_t len, inner_len;
    int peer;
    wg_endpoint from;
    vstr_t message;
    wg_buffer_arg(args[1], &datagram, &len);
    wg_endpoint_arg(&from, args[2], args[3]);
    vstr_init_len(&message, len);
    memcpy(message.buf, datagram, len);
    wg_path_verdict verdict = wg_path_input(&self->path, (uint8_t *)message.buf, len, &from,
                                            self->now_ms, &peer, &inner_len);
    mp_obj_t inner = inner_or_none(verdict, &message, inner_len);
    vstr_clear(&message);
    return verdict_of(verdict, peer, inner);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(path_input_obj, 5, 5, path_input);

static const mp_rom_map_elem_t path_table[] = {
    WG_PATH_METHODS,
    {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&path_wipe_obj)}, /* instead of the one above */
    {MP_ROM_QSTR(MP_QSTR_install), MP_ROM_PTR(&path_install_obj)},
    {MP_ROM_QSTR(MP_QSTR_flush), MP_ROM_PTR(&path_flush_obj)},
    {MP_ROM_QSTR(MP_QSTR_drop_staged), MP_ROM_PTR(&path_drop_staged_obj)},
    {MP_ROM_QSTR(MP_QSTR_counters), MP_ROM_PTR(&path_counters_obj)},
    {MP_ROM_QSTR(MP_QSTR_seal), MP_ROM_PTR(&path_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_output), MP_ROM_PTR(&path_output_obj)},
    {MP_ROM_QSTR(MP_QSTR_input), MP_ROM_PTR(&path_input_obj)},
};
static MP_DEFINE_CONST_DICT(path_dict, path_table);

MP_DEFINE_CONST_OBJ_TYPE(wg_type_path, MP_QSTR_Path, MP_TYPE_FLAG_NONE, make_new, path_make_new,
                         locals_dict, &path_dict);
