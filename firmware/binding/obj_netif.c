/* SPDX-License-Identifier: MIT
 *
 * Netif: the lwIP interface as mpy/wireguard/client.py drives it. Packets do not pass here; a
 * handler is scheduled when a handshake message waits, a deadline is due, a name is resolved or a
 * peer has an event.
 */
#include <string.h>

#include "py/mperrno.h"

#include "binding.h"
#include "wg_netif.h"
#include "wg_util.h"

/* Without it a soft reset would leave keys behind, and the interface on memory that is not its. */
#if !MICROPY_ENABLE_FINALISER
#error MICROPY_ENABLE_FINALISER is needed
#endif

typedef struct {
    mp_obj_base_t base;
    wg_netif *wg; /* NULL once closed */
    /* What the collector must find, because the interface itself is not on its heap. */
    wg_peer *peers;
    wg_allowedip *prefixes;
} netif_obj;

/* Handlers by interface slot: kept from the collector while the interface lives. */
MP_REGISTER_ROOT_POINTER(mp_obj_t wg_netif_handlers[2]);
_Static_assert(WG_INTERFACES_MAX <= 2, "root pointers are sized by a literal");

static mp_sched_node_t nodes[WG_INTERFACES_MAX];

static size_t slot_of(const wg_netif *wg) {
    return (size_t)(wg - wg_netif_at(0));
}

/* ---- waking Python ---- */

static void run_handler(mp_sched_node_t *node) {
    size_t slot = (size_t)(node - nodes);
    mp_obj_t handler = MP_STATE_VM(wg_netif_handlers)[slot];
    if (wg_netif_at(slot)->in_use && handler != MP_OBJ_NULL && handler != mp_const_none) {
        mp_call_function_1_protected(handler, mp_const_none);
    }
}

static void wake_slot(size_t slot) {
    mp_sched_schedule_node(&nodes[slot], run_handler);
    WG_SCHEDULED();
}

static void wake(wg_netif *wg) {
    wake_slot(slot_of(wg));
}

/* ---- the object ---- */

static wg_netif *netif_of(mp_obj_t self_in) {
    netif_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->wg == NULL) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("interface is closed"));
    }
    return self->wg;
}

wg_path *wg_path_of(mp_obj_t self) {
    return &netif_of(self)->path;
}

void wg_path_keep(mp_obj_t self_in) {
    netif_obj *self = MP_OBJ_TO_PTR(self_in);
    self->peers = self->wg->path.peers;
    self->prefixes = self->wg->path.allowed.entry;
}

uint64_t wg_path_now_ms(mp_obj_t self) {
    return wg_netif_now_ms(netif_of(self));
}

/* Netif(handler): handler(None) runs as a scheduled callback. */
static mp_obj_t netif_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                               const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    netif_obj *self = mp_obj_malloc_with_finaliser(netif_obj, type);
    self->peers = NULL;
    self->prefixes = NULL;
    WG_LOCK();
    self->wg = wg_netif_new(wake);
    WG_UNLOCK();
    if (self->wg == NULL) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("too many interfaces"));
    }
    MP_STATE_VM(wg_netif_handlers)[slot_of(self->wg)] = args[0];
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t netif_close(mp_obj_t self_in) {
    netif_obj *self = MP_OBJ_TO_PTR(self_in);
    if (self->wg != NULL) {
        size_t slot = slot_of(self->wg);
        wg_wake_cancel(slot);
        WG_LOCK();
        wg_netif_free(self->wg);
        WG_UNLOCK();
        MP_STATE_VM(wg_netif_handlers)[slot] = MP_OBJ_NULL;
        self->wg = NULL;
        self->peers = NULL;
        self->prefixes = NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_close_obj, netif_close);

static int errno_of(err_t err) {
    switch (err) {
    case ERR_MEM:
        return MP_ENOMEM;
    case ERR_USE:
        return MP_EADDRINUSE;
    default:
        return MP_EINVAL;
    }
}

static void raise_lwip(err_t err) {
    if (err != ERR_OK) {
        mp_raise_OSError(errno_of(err));
    }
}

/* open(port) -> port */
static mp_obj_t netif_open(mp_obj_t self, mp_obj_t port_in) {
    wg_netif *wg = netif_of(self);
    uint16_t port = (uint16_t)mp_obj_get_int(port_in);
    WG_LOCK();
    err_t err = wg_netif_open(wg, &port);
    WG_UNLOCK();
    raise_lwip(err);
    return MP_OBJ_NEW_SMALL_INT(port);
}
static MP_DEFINE_CONST_FUN_OBJ_2(netif_open_obj, netif_open);

/* up(mtu): at most; 0 = what the underlay has room for */
static mp_obj_t netif_up(mp_obj_t self, mp_obj_t mtu) {
    wg_netif *wg = netif_of(self);
    uint16_t mtu_bytes = (uint16_t)mp_obj_get_int(mtu);
    WG_LOCK();
    err_t err = wg_netif_up(wg, mtu_bytes);
    WG_UNLOCK();
    raise_lwip(err);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(netif_up_obj, netif_up);

/* mtu() -> bytes, as it is now */
static mp_obj_t netif_mtu(mp_obj_t self) {
    return MP_OBJ_NEW_SMALL_INT(netif_of(self)->netif.mtu);
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_mtu_obj, netif_mtu);

/* add_address(address bytes, prefix bits) */
static mp_obj_t netif_add_address(mp_obj_t self, mp_obj_t addr_in, mp_obj_t bits_in) {
    wg_netif *wg = netif_of(self);
    const uint8_t *addr;
    size_t len;
    wg_buffer_arg(addr_in, &addr, &len);
    unsigned bits = (unsigned)mp_obj_get_int(bits_in);
    WG_LOCK();
    err_t err = wg_netif_add_address(wg, addr, (unsigned)len, bits);
    WG_UNLOCK();
    raise_lwip(err);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(netif_add_address_obj, netif_add_address);

/* ---- clock ---- */

static mp_obj_t netif_now(mp_obj_t self) {
    wg_netif *wg = netif_of(self);
    WG_LOCK();
    uint64_t now_ms = wg_netif_now_ms(wg);
    WG_UNLOCK();
    return wg_new_int64(now_ms);
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_now_obj, netif_now);

/* wake_at(deadline_ms | None): the one deadline; a later call replaces it. */
static mp_obj_t netif_wake_at(mp_obj_t self, mp_obj_t deadline) {
    wg_netif *wg = netif_of(self);
    if (deadline == mp_const_none) {
        wg_wake_cancel(slot_of(wg));
        return mp_const_none;
    }
    /* Deadlines are hours ahead at most, so 32 bits of the difference are enough. */
    uint32_t deadline_ms = (uint32_t)mp_obj_get_int_truncated(deadline);
    WG_LOCK();
    int32_t delay_ms = (int32_t)(deadline_ms - (uint32_t)wg_netif_now_ms(wg));
    WG_UNLOCK();
    wg_wake_after(slot_of(wg), delay_ms > 0 ? (uint32_t)delay_ms : 0, wake_slot);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(netif_wake_at_obj, netif_wake_at);

/* ---- handshake messages ---- */

/* next_message() -> (message, (address bytes, port)) | None */
static mp_obj_t netif_next_message(mp_obj_t self) {
    wg_netif *wg = netif_of(self);
    WG_LOCK();
    wg_netif_run(wg);
    const wg_inbox_entry *first = wg_netif_inbox(wg);
    wg_inbox_entry copy = {.len = 0};
    if (first != NULL) {
        copy = *first;
        wg_netif_inbox_pop(wg);
    }
    WG_UNLOCK();
    if (first == NULL) {
        return mp_const_none;
    }
    mp_obj_t items[] = {
        mp_obj_new_bytes(copy.message, copy.len),
        wg_new_endpoint(&copy.from),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_next_message_obj, netif_next_message);

/* send(datagram, address bytes, port) -> bool */
static mp_obj_t netif_send(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_netif *wg = netif_of(args[0]);
    const uint8_t *message;
    size_t len;
    wg_endpoint to;
    wg_buffer_arg(args[1], &message, &len);
    wg_endpoint_arg(&to, args[2], args[3]);
    WG_LOCK();
    bool ok = wg_netif_send(wg, &to, message, len);
    WG_UNLOCK();
    return mp_obj_new_bool(ok);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(netif_send_obj, 4, 4, netif_send);

/* ---- sessions ---- */

/* install(id, session, now_ms): the session is moved, its handle wiped. The interface's own clock
 * stamps it. */
static mp_obj_t netif_install(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_netif *wg = netif_of(args[0]);
    wg_peer *peer = wg_peer_arg(&wg->path, args[1]);
    wg_session *session = wg_session_of(args[2]);
    WG_LOCK();
    session->created_ms = wg_netif_now_ms(wg);
    wg_peer_install(peer, session);
    WG_UNLOCK();
    wg_session_free(args[2]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(netif_install_obj, 4, 4, netif_install);

static mp_obj_t netif_flush(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_netif *wg = netif_of(args[0]);
    wg_peer_arg(&wg->path, args[1]);
    int id = mp_obj_get_int(args[1]);
    WG_LOCK();
    unsigned sent = wg_netif_flush(wg, id);
    WG_UNLOCK();
    return MP_OBJ_NEW_SMALL_INT(sent);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(netif_flush_obj, 3, 3, netif_flush);

static mp_obj_t netif_drop_staged(mp_obj_t self, mp_obj_t id_in) {
    wg_netif *wg = netif_of(self);
    wg_peer_arg(&wg->path, id_in);
    int id = mp_obj_get_int(id_in);
    WG_LOCK();
    wg_netif_drop_staged(wg, id);
    WG_UNLOCK();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(netif_drop_staged_obj, netif_drop_staged);

#define SEAL_MAX_BYTES 256 /* keepalives are empty; anything bigger goes through a socket */

/* seal(id, inner, now_ms) -> datagram | None */
static mp_obj_t netif_seal(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_netif *wg = netif_of(args[0]);
    wg_peer_arg(&wg->path, args[1]);
    int id = mp_obj_get_int(args[1]);
    const uint8_t *inner, *sealed;
    size_t inner_len;
    wg_buffer_arg(args[2], &inner, &inner_len);
    if (inner_len > SEAL_MAX_BYTES) {
        mp_raise_ValueError(MP_ERROR_TEXT("too long"));
    }
    uint8_t copy[SEAL_MAX_BYTES + WG_DATA_OVERHEAD_BYTES + 15];
    WG_LOCK();
    size_t len = wg_netif_seal(wg, id, inner, inner_len, &sealed);
    if (len != 0) {
        memcpy(copy, sealed, len);
    }
    WG_UNLOCK();
    return len == 0 ? mp_const_none : mp_obj_new_bytes(copy, len);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(netif_seal_obj, 4, 4, netif_seal);

/* ---- names ---- */

static mp_obj_t netif_resolve(mp_obj_t self, mp_obj_t name_in) {
    wg_netif *wg = netif_of(self);
    const char *name = mp_obj_str_get_str(name_in);
    WG_LOCK();
    wg_netif_resolve(wg, name);
    bool ended = wg->resolve != WG_RESOLVE_PENDING;
    WG_UNLOCK();
    if (ended) {
        wake(wg);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(netif_resolve_obj, netif_resolve);

/* resolved() -> address bytes | False (failed) | None (not yet, or nothing was asked) */
static mp_obj_t netif_resolved(mp_obj_t self) {
    wg_netif *wg = netif_of(self);
    wg_endpoint found;
    WG_LOCK();
    wg_resolve_state state = wg->resolve;
    wg_netif_resolved(wg, &found);
    WG_UNLOCK();
    if (state == WG_RESOLVE_DONE) {
        return mp_obj_new_bytes(found.addr, found.addr_bytes);
    }
    return state == WG_RESOLVE_FAILED ? mp_const_false : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_resolved_obj, netif_resolved);

/* ---- figures ---- */

static mp_obj_t netif_counters(mp_obj_t self) {
    wg_netif *wg = netif_of(self);
    mp_obj_t dict = mp_obj_new_dict(32);
    wg_path_store_counters(&wg->path, dict);
#define STORE(name)                                                                                \
    mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(MP_QSTR_##name), wg_new_int64(wg->count.name));
    WG_NETIF_COUNTERS(STORE)
#undef STORE
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_counters_obj, netif_counters);

/* underlay_changes() -> int: another one says that an address or a link has come or gone */
static mp_obj_t netif_underlay_changes(mp_obj_t self) {
    return MP_OBJ_NEW_SMALL_INT(netif_of(self)->underlay_changes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(netif_underlay_changes_obj, netif_underlay_changes);

static const mp_rom_map_elem_t netif_table[] = {
    {MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&netif_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&netif_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&netif_close_obj)},
    {MP_ROM_QSTR(MP_QSTR_up), MP_ROM_PTR(&netif_up_obj)},
    {MP_ROM_QSTR(MP_QSTR_mtu), MP_ROM_PTR(&netif_mtu_obj)},
    {MP_ROM_QSTR(MP_QSTR_add_address), MP_ROM_PTR(&netif_add_address_obj)},
    {MP_ROM_QSTR(MP_QSTR_now), MP_ROM_PTR(&netif_now_obj)},
    {MP_ROM_QSTR(MP_QSTR_wake_at), MP_ROM_PTR(&netif_wake_at_obj)},
    {MP_ROM_QSTR(MP_QSTR_next_message), MP_ROM_PTR(&netif_next_message_obj)},
    {MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&netif_send_obj)},
    {MP_ROM_QSTR(MP_QSTR_install), MP_ROM_PTR(&netif_install_obj)},
    {MP_ROM_QSTR(MP_QSTR_flush), MP_ROM_PTR(&netif_flush_obj)},
    {MP_ROM_QSTR(MP_QSTR_drop_staged), MP_ROM_PTR(&netif_drop_staged_obj)},
    {MP_ROM_QSTR(MP_QSTR_seal), MP_ROM_PTR(&netif_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_resolve), MP_ROM_PTR(&netif_resolve_obj)},
    {MP_ROM_QSTR(MP_QSTR_resolved), MP_ROM_PTR(&netif_resolved_obj)},
    {MP_ROM_QSTR(MP_QSTR_counters), MP_ROM_PTR(&netif_counters_obj)},
    {MP_ROM_QSTR(MP_QSTR_underlay_changes), MP_ROM_PTR(&netif_underlay_changes_obj)},
    WG_PATH_METHODS,
};
static MP_DEFINE_CONST_DICT(netif_dict, netif_table);

MP_DEFINE_CONST_OBJ_TYPE(wg_type_netif, MP_QSTR_Netif, MP_TYPE_FLAG_NONE, make_new, netif_make_new,
                         locals_dict, &netif_dict);
