/* SPDX-License-Identifier: MIT
 *
 * `_wireguard` as a native module (.mpy) for stock MicroPython: crypto, session and binding as one
 * translation unit, because the linker, MicroPython's tools/mpy_ld.py, may join the tables of two
 * Xtensa objects wrongly. Cores in assembly are objects of their own. The Makefile lists the C of
 * crypto and session in natmod_sources.h.
 */
#include "py/dynruntime.h"

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mperrno.h"

#define MICROPY_INCLUDED_PY_MPHAL_H /* no port's */
#include "binding.h"

#include "natmod.h"

#include "runtime.c"

#include "natmod_sources.h"

#include "../support.c"
#define wg_pool_take(pool, slots, slot_bytes) natmod_new_slot(slot_bytes)

#include "../obj_key.c"
#undef KEY_BYTES
#include "../obj_symmetric.c"
#undef KEY_BYTES
#undef TAG_BYTES
#include "../obj_path.c"

#include "obj_path_io.c"

#define WG_NETIF_H /* there is none */
#include "../mod_wireguard.c"

#include "types.c"

#ifdef WG_NATMOD_EXTRA /* of the tests */
#include WG_NATMOD_EXTRA
#else
#define WG_NATMOD_EXTRA_TABLE
#endif

static const mp_rom_map_elem_t natmod_table[] = {
    {MP_ROM_QSTR(MP_QSTR_blake2s), MP_ROM_PTR(&mod_blake2s_obj)},
    {MP_ROM_QSTR(MP_QSTR_xaead_seal), MP_ROM_PTR(&mod_xaead_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_xaead_open), MP_ROM_PTR(&mod_xaead_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_random), MP_ROM_PTR(&mod_random_obj)},
    {MP_ROM_QSTR(MP_QSTR_selftest), MP_ROM_PTR(&mod_selftest_obj)},
    {MP_ROM_QSTR(MP_QSTR_selftest_report), MP_ROM_PTR(&mod_selftest_report_obj)},
    {MP_ROM_QSTR(MP_QSTR_SESSION_BYTES), MP_ROM_INT(sizeof(wg_session))},
    {MP_ROM_QSTR(MP_QSTR_PEER_BYTES), MP_ROM_INT(sizeof(wg_peer))},
    {MP_ROM_QSTR(MP_QSTR_PREFIX_BYTES), MP_ROM_INT(sizeof(wg_allowedip))},
    {MP_ROM_QSTR(MP_QSTR_REPLAY_BITS), MP_ROM_INT(WG_REPLAY_BITS)},
    WG_NATMOD_EXTRA_TABLE};
static MP_DEFINE_CONST_DICT(natmod_functions, natmod_table);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args);

/* A board whose crypto is wrong must not come up with a tunnel: the import fails. */
__attribute__((externally_visible)) mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args,
                                                      size_t n_kw, mp_obj_t *args) {
    (void)n_args, (void)n_kw, (void)args;
    MP_DYNRUNTIME_INIT_ENTRY
    unsigned failed = wg_selftest();
    if (failed != 0) {
        mp_raise_msg_varg((mp_obj_type_t *)mp_load_global(MP_QSTR_ImportError),
                          MP_ERROR_TEXT("crypto self-test failed (%u)"), failed);
    }
    natmod_store_type(&natmod_wg_type_private_key);
    natmod_store_type(&natmod_wg_type_preshared_key);
    natmod_store_type(&natmod_wg_type_symmetric_state);
    natmod_store_type(&natmod_wg_type_session);
    natmod_store_type(&natmod_wg_type_path);
    natmod_store_all(&natmod_functions);
    MP_DYNRUNTIME_INIT_EXIT
}
