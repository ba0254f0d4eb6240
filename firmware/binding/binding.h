/* SPDX-License-Identifier: MIT
 *
 * What the files of the `_wireguard` module share. Python sees handles; the 32 bytes of a key, a
 * handshake's state and a session before install() stand in fixed slots outside the collected heap,
 * so that no copy of them is left in a freed block. A handle's finaliser wipes its slot. Installed
 * sessions lie with their peer in that heap: obj_path.c.
 */
#ifndef WG_BINDING_H
#define WG_BINDING_H

#include "py/mphal.h"
#include "py/obj.h"
#include "py/runtime.h"

#include "wg_path.h"
#include "wg_symmetric.h"

/* The port's: lwIP's lock, between whose two halves nothing may raise or lock again (it may be a
 * mutex), and what wakes a main task that sleeps after something was scheduled for it. */
#ifdef WG_PORT_HEADER
#include WG_PORT_HEADER
#else
#define WG_LOCK() MICROPY_PY_LWIP_ENTER
#define WG_UNLOCK() MICROPY_PY_LWIP_EXIT
#define WG_SCHEDULED() ((void)0)
#endif

/* The port's too: random bytes for keys, false when the source does not work; and what it is. */
#ifndef WG_ENTROPY
#define WG_ENTROPY(out, len) wg_entropy_os(out, len)
#define WG_ENTROPY_NAME "os.urandom"
#endif

/* Peers that can have a preshared key, and be in a handshake, all at the same time. Further peers
 * work, a few at a time: one that finds no slot tries again a second later. 166 bytes each. */
#ifndef WG_PEERS_AT_ONCE
#define WG_PEERS_AT_ONCE 16
#endif
#define WG_KEYS_MAX (2 * WG_PEERS_AT_ONCE + 8)   /* 33 bytes each */
#define WG_HANDSHAKES_MAX (WG_PEERS_AT_ONCE + 2) /* 97 bytes each */
#define WG_LOOSE_SESSIONS_MAX 2                  /* between split() and install() */

extern const mp_obj_type_t wg_type_private_key;
extern const mp_obj_type_t wg_type_preshared_key;
extern const mp_obj_type_t wg_type_symmetric_state;
extern const mp_obj_type_t wg_type_session;
extern const mp_obj_type_t wg_type_netif;

/* The 32 secret bytes of a key object. TypeError if obj is not of that type, ValueError if wiped.
 */
const uint8_t *wg_key_bytes(mp_obj_t obj, const mp_obj_type_t *type);

/* The session of a Session object. ValueError if wiped. */
wg_session *wg_session_of(mp_obj_t obj);
/* Wipe the handle: its slot is free at once, without a collection of garbage. */
void wg_session_free(mp_obj_t obj);

/* A buffer argument; ValueError when its length is not `len`. */
const uint8_t *wg_bytes_arg(mp_obj_t obj, size_t len);
uint8_t *wg_writable_arg(mp_obj_t obj, size_t len);
void wg_buffer_arg(mp_obj_t obj, const uint8_t **data, size_t *len);

/* A Python int for a 64-bit value; only values past 2^30 allocate. */
mp_obj_t wg_new_int64(uint64_t value);

/* Fill from WG_ENTROPY; OSError(EIO) when it does not work. */
void wg_random(uint8_t *out, size_t len);
/* Fill from os.urandom, the port's own generator; the passing copy on the heap is wiped. */
bool wg_entropy_os(uint8_t *out, size_t len);

/* A slot allocator for static pools: pools are arrays of structs that begin with `bool in_use`.
 * Collects garbage once before it gives up with OSError(ENOMEM). */
void *wg_pool_take(void *pool, size_t slots, size_t slot_bytes);

/* The control methods over wg_path that every link has (contract: `Path`), for a type's table. */
wg_path *wg_path_of(mp_obj_t self);
uint64_t wg_path_now_ms(mp_obj_t self);
/* After a change of the path's memory: let the object hold it for the collector. */
void wg_path_keep(mp_obj_t self);
#define WG_PATH_METHODS                                                                            \
    {MP_ROM_QSTR(MP_QSTR_set_identity), MP_ROM_PTR(&wg_path_set_identity_obj)},                    \
        {MP_ROM_QSTR(MP_QSTR_add_peer), MP_ROM_PTR(&wg_path_add_peer_obj)},                        \
        {MP_ROM_QSTR(MP_QSTR_remove_peer), MP_ROM_PTR(&wg_path_remove_peer_obj)},                  \
        {MP_ROM_QSTR(MP_QSTR_allow), MP_ROM_PTR(&wg_path_allow_obj)},                              \
        {MP_ROM_QSTR(MP_QSTR_lookup), MP_ROM_PTR(&wg_path_lookup_obj)},                            \
        {MP_ROM_QSTR(MP_QSTR_wipe), MP_ROM_PTR(&wg_path_wipe_obj)},                                \
        {MP_ROM_QSTR(MP_QSTR_has_index), MP_ROM_PTR(&wg_path_has_index_obj)},                      \
        {MP_ROM_QSTR(MP_QSTR_has_session), MP_ROM_PTR(&wg_path_has_session_obj)},                  \
        {MP_ROM_QSTR(MP_QSTR_endpoint), MP_ROM_PTR(&wg_path_endpoint_obj)},                        \
        {MP_ROM_QSTR(MP_QSTR_set_endpoint), MP_ROM_PTR(&wg_path_set_endpoint_obj)},                \
        {MP_ROM_QSTR(MP_QSTR_activity), MP_ROM_PTR(&wg_path_activity_obj)},                        \
        {MP_ROM_QSTR(MP_QSTR_take_events), MP_ROM_PTR(&wg_path_take_events_obj)},                  \
        {MP_ROM_QSTR(MP_QSTR_arm), MP_ROM_PTR(&wg_path_arm_obj)}, {                                \
        MP_ROM_QSTR(MP_QSTR_transfer), MP_ROM_PTR(&wg_path_transfer_obj)                           \
    }

MP_DECLARE_CONST_FUN_OBJ_2(wg_path_set_identity_obj);
MP_DECLARE_CONST_FUN_OBJ_1(wg_path_add_peer_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_remove_peer_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(wg_path_allow_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_lookup_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_wipe_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_has_index_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_has_session_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_endpoint_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(wg_path_set_endpoint_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_activity_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_take_events_obj);
MP_DECLARE_CONST_FUN_OBJ_3(wg_path_arm_obj);
MP_DECLARE_CONST_FUN_OBJ_2(wg_path_transfer_obj);

/* The peer with this id; ValueError when there is none. */
wg_peer *wg_peer_arg(wg_path *path, mp_obj_t id);

/* (address bytes, port), shared by endpoint() and next_message(). */
mp_obj_t wg_new_endpoint(const wg_endpoint *endpoint);
void wg_endpoint_arg(wg_endpoint *endpoint, mp_obj_t addr, mp_obj_t port);

/* The wake-up seam: call wake_callback(slot) in lwIP's context after delay_ms, or never again.
 * One per interface slot; wake_softtimer.c is for ports with MicroPython's soft timers. */
void wg_wake_after(size_t slot, uint32_t delay_ms, void (*callback)(size_t slot));
void wg_wake_cancel(size_t slot);

/* counters() of a path, added to dict. */
void wg_path_store_counters(const wg_path *path, mp_obj_t dict);

#endif
