/* SPDX-License-Identifier: MIT
 *
 * The control methods that every link has over its wg_path: peers, AllowedIPs, endpoints, sessions
 * and the time stamps of the timers. Objects are allocated outside the lock: allocation may raise.
 */
#include <string.h>

#include "py/mperrno.h"

#include "binding.h"
#include "wg_util.h"

wg_peer *wg_peer_arg(wg_path *path, mp_obj_t id) {
    wg_peer *peer = wg_path_peer(path, mp_obj_get_int(id));
    if (peer == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("no such peer"));
    }
    return peer;
}

mp_obj_t wg_new_endpoint(const wg_endpoint *endpoint) {
    mp_obj_t items[] = {
        mp_obj_new_bytes(endpoint->addr, endpoint->addr_bytes),
        MP_OBJ_NEW_SMALL_INT(endpoint->port),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

void wg_endpoint_arg(wg_endpoint *endpoint, mp_obj_t addr_in, mp_obj_t port_in) {
    const uint8_t *addr;
    size_t len;
    wg_buffer_arg(addr_in, &addr, &len);
    mp_int_t port = mp_obj_get_int(port_in);
    if ((len != WG_IPV4_BYTES && len != WG_IPV6_BYTES) || port < 1 || port > 65535) {
        mp_raise_ValueError(MP_ERROR_TEXT("bad endpoint"));
    }
    memset(endpoint, 0, sizeof *endpoint);
    memcpy(endpoint->addr, addr, len);
    endpoint->addr_bytes = (uint8_t)len;
    endpoint->port = (uint16_t)port;
}

static mp_obj_t set_identity(mp_obj_t self, mp_obj_t public_key) {
    wg_path *path = wg_path_of(self);
    const uint8_t *key = wg_bytes_arg(public_key, 32);
    WG_LOCK();
    wg_path_set_identity(path, key);
    WG_UNLOCK();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_set_identity_obj, set_identity);

/* Peers and prefixes lie in the collected heap, so that nobody pays for those that are not there.
 * A peer holds the keys of its sessions, and a freed block keeps what it held: so it is wiped
 * before its memory is given back, by remove_peer or, with the interface, by the Netif's finaliser.
 * The collector, also that of a soft reset, runs finalisers before it frees any block. */
static void *allocated(void *memory) {
    if (memory == NULL) {
        mp_raise_OSError(MP_ENOMEM);
    }
    return memory;
}

static mp_obj_t add_peer(mp_obj_t self) {
    wg_path *path = wg_path_of(self);
    wg_peer *memory = allocated(m_new_maybe(wg_peer, 1));
    WG_LOCK();
    int id = wg_path_add_peer(path, memory);
    WG_UNLOCK();
    wg_path_keep(self);
    return MP_OBJ_NEW_SMALL_INT(id);
}
MP_DEFINE_CONST_FUN_OBJ_1(wg_path_add_peer_obj, add_peer);

static mp_obj_t remove_peer(mp_obj_t self, mp_obj_t id_in) {
    wg_path *path = wg_path_of(self);
    wg_peer_arg(path, id_in);
    int id = mp_obj_get_int(id_in);
    WG_LOCK();
    wg_peer *memory = wg_path_remove_peer(path, id);
    WG_UNLOCK();
    wg_path_keep(self);
    m_del(wg_peer, memory, 1);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_remove_peer_obj, remove_peer);

#define PREFIXES_STEP 4

static void make_room(mp_obj_t self, wg_allowedips *table) {
    unsigned room = table->room, more = room + (room < PREFIXES_STEP ? PREFIXES_STEP : room / 2);
    if (table->used < room) {
        return;
    }
    if (more > UINT16_MAX) {
        mp_raise_OSError(MP_ENOMEM);
    }
    wg_allowedip *memory = allocated(m_new_maybe(wg_allowedip, more));
    WG_LOCK();
    wg_allowedip *old = wg_allowedips_move(table, memory, more);
    WG_UNLOCK();
    wg_path_keep(self);
    m_del(wg_allowedip, old, room);
}

/* allow(id, address bytes, prefix bits) */
static mp_obj_t allow(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_path *path = wg_path_of(args[0]);
    wg_peer_arg(path, args[1]);
    int id = mp_obj_get_int(args[1]);
    const uint8_t *addr;
    size_t len;
    wg_buffer_arg(args[2], &addr, &len);
    mp_int_t bits = mp_obj_get_int(args[3]);
    if ((len != WG_IPV4_BYTES && len != WG_IPV6_BYTES) || bits < 0 || bits > (mp_int_t)(8 * len)) {
        mp_raise_ValueError(MP_ERROR_TEXT("bad prefix"));
    }
    make_room(args[0], &path->allowed);
    WG_LOCK();
    wg_allowedips_insert(&path->allowed, addr, (unsigned)len, (unsigned)bits, id);
    WG_UNLOCK();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(wg_path_allow_obj, 4, 4, allow);

static mp_obj_t lookup(mp_obj_t self, mp_obj_t addr_in) {
    wg_path *path = wg_path_of(self);
    const uint8_t *addr;
    size_t len;
    wg_buffer_arg(addr_in, &addr, &len);
    return MP_OBJ_NEW_SMALL_INT(wg_allowedips_lookup(&path->allowed, addr, (unsigned)len));
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_lookup_obj, lookup);

static mp_obj_t wipe(mp_obj_t self, mp_obj_t id) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    WG_LOCK();
    wg_peer_wipe_sessions(peer);
    WG_UNLOCK();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_wipe_obj, wipe);

static mp_obj_t has_index(mp_obj_t self, mp_obj_t index) {
    return mp_obj_new_bool(
        wg_path_has_index(wg_path_of(self), (uint32_t)mp_obj_get_int_truncated(index)));
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_has_index_obj, has_index);

/* has_session(id): may packets be sent now? */
static mp_obj_t has_session(mp_obj_t self, mp_obj_t id) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    WG_LOCK();
    bool usable = wg_peer_sending_session(peer, wg_path_now_ms(self)) != NULL;
    WG_UNLOCK();
    return mp_obj_new_bool(usable);
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_has_session_obj, has_session);

static mp_obj_t endpoint(mp_obj_t self, mp_obj_t id) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    WG_LOCK();
    wg_endpoint copy = peer->endpoint;
    WG_UNLOCK();
    return copy.addr_bytes == 0 ? mp_const_none : wg_new_endpoint(&copy);
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_endpoint_obj, endpoint);

/* set_endpoint(id, address bytes, port) */
static mp_obj_t set_endpoint(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wg_peer *peer = wg_peer_arg(wg_path_of(args[0]), args[1]);
    wg_endpoint to;
    wg_endpoint_arg(&to, args[2], args[3]);
    WG_LOCK();
    peer->endpoint = to;
    WG_UNLOCK();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(wg_path_set_endpoint_obj, 4, 4, set_endpoint);

static mp_obj_t activity(mp_obj_t self, mp_obj_t id) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    WG_LOCK();
    uint64_t ms[] = {peer->unanswered_since_ms, peer->unacked_since_ms, peer->last_sent_ms,
                     peer->last_received_ms};
    WG_UNLOCK();
    mp_obj_t items[] = {wg_new_int64(ms[0]), wg_new_int64(ms[1]), wg_new_int64(ms[2]),
                        wg_new_int64(ms[3])};
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_activity_obj, activity);

static mp_obj_t take_events(mp_obj_t self, mp_obj_t id) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    WG_LOCK();
    uint8_t events = peer->events;
    peer->events = 0;
    WG_UNLOCK();
    return MP_OBJ_NEW_SMALL_INT(events);
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_take_events_obj, take_events);

static mp_obj_t arm(mp_obj_t self, mp_obj_t id, mp_obj_t armed) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    bool on = mp_obj_is_true(armed);
    WG_LOCK();
    peer->armed = on;
    WG_UNLOCK();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(wg_path_arm_obj, arm);

static mp_obj_t transfer(mp_obj_t self, mp_obj_t id) {
    wg_peer *peer = wg_peer_arg(wg_path_of(self), id);
    WG_LOCK();
    uint64_t rx = peer->rx_bytes, tx = peer->tx_bytes;
    WG_UNLOCK();
    mp_obj_t items[] = {wg_new_int64(rx), wg_new_int64(tx)};
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_2(wg_path_transfer_obj, transfer);

void wg_path_store_counters(const wg_path *path, mp_obj_t dict) {
#define STORE(name)                                                                                \
    mp_obj_dict_store(dict, MP_OBJ_NEW_QSTR(MP_QSTR_##name), wg_new_int64(path->count.name));
    WG_PATH_COUNTERS(STORE)
#undef STORE
}
