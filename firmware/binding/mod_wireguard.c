/* SPDX-License-Identifier: MIT
 *
 * `_wireguard`: what Python needs of the C side. The package mpy/wireguard is its only user; the
 * CPython build in firmware/binding/cpython has the same names.
 */
#include <string.h>

#include "binding.h"
#include "wg_aead.h"
#include "wg_blake2s.h"
#include "wg_netif.h"
#include "wg_selftest.h"
#include "wg_util.h"

#define HASH_MAX_BYTES 32
#define KEY_BYTES 32
#define XNONCE_BYTES 24
#define TAG_BYTES 16

/* blake2s(data, key=b"", size=32) -> bytes */
static mp_obj_t mod_blake2s(size_t n_args, const mp_obj_t *args) {
    const uint8_t *data, *key = NULL;
    size_t len, key_len = 0;
    mp_int_t size = n_args > 2 ? mp_obj_get_int(args[2]) : HASH_MAX_BYTES;
    wg_buffer_arg(args[0], &data, &len);
    if (n_args > 1) {
        wg_buffer_arg(args[1], &key, &key_len);
    }
    if (size < 1 || size > HASH_MAX_BYTES || key_len > KEY_BYTES) {
        mp_raise_ValueError(MP_ERROR_TEXT("bad size"));
    }
    uint8_t hash[HASH_MAX_BYTES];
    wg_blake2s(hash, (size_t)size, key, key_len, data, len);
    return mp_obj_new_bytes(hash, (size_t)size);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_blake2s_obj, 1, 3, mod_blake2s);

/* xaead_seal(key, nonce, plain, ad) -> bytes */
static mp_obj_t mod_xaead_seal(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    const uint8_t *plain, *ad;
    size_t len, ad_len;
    const uint8_t *key = wg_bytes_arg(args[0], KEY_BYTES);
    const uint8_t *nonce = wg_bytes_arg(args[1], XNONCE_BYTES);
    wg_buffer_arg(args[2], &plain, &len);
    wg_buffer_arg(args[3], &ad, &ad_len);
    vstr_t out;
    vstr_init_len(&out, len + TAG_BYTES);
    wg_xaead_seal((uint8_t *)out.buf, plain, len, ad, ad_len, nonce, key);
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_xaead_seal_obj, 4, 4, mod_xaead_seal);

/* xaead_open(key, nonce, cipher, ad) -> bytes | None */
static mp_obj_t mod_xaead_open(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    const uint8_t *cipher, *ad;
    size_t len, ad_len;
    const uint8_t *key = wg_bytes_arg(args[0], KEY_BYTES);
    const uint8_t *nonce = wg_bytes_arg(args[1], XNONCE_BYTES);
    wg_buffer_arg(args[2], &cipher, &len);
    wg_buffer_arg(args[3], &ad, &ad_len);
    if (len < TAG_BYTES) {
        return mp_const_none;
    }
    vstr_t out;
    vstr_init_len(&out, len - TAG_BYTES);
    if (!wg_xaead_open((uint8_t *)out.buf, cipher, len, ad, ad_len, nonce, key)) {
        vstr_clear(&out);
        return mp_const_none;
    }
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_xaead_open_obj, 4, 4, mod_xaead_open);

/* random(n) -> bytes */
static mp_obj_t mod_random(mp_obj_t n_in) {
    vstr_t out;
    vstr_init_len(&out, (size_t)mp_obj_get_int(n_in));
    wg_random((uint8_t *)out.buf, out.len);
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mod_random_obj, mod_random);

/* selftest() -> 0, or a mask of the primitives that failed */
static mp_obj_t mod_selftest(void) {
    return MP_OBJ_NEW_SMALL_INT((mp_int_t)wg_selftest());
}
static MP_DEFINE_CONST_FUN_OBJ_0(mod_selftest_obj, mod_selftest);

/* selftest_report() -> [(primitive, implementation, result)]: tests again, and says what runs */
static mp_obj_t mod_selftest_report(void) {
    unsigned failed = wg_selftest();
    mp_obj_t list = mp_obj_new_list(0, NULL);
    const char *text[3];
    for (unsigned i = 0; wg_selftest_report(i, failed, text); i++) {
        mp_obj_t row[3];
        for (size_t k = 0; k < MP_ARRAY_SIZE(row); k++) {
            row[k] = mp_obj_new_str(text[k], strlen(text[k]));
        }
        mp_obj_list_append(list, mp_obj_new_tuple(MP_ARRAY_SIZE(row), row));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mod_selftest_report_obj, mod_selftest_report);

#ifndef WG_NATMOD /* natmod/natmod.c makes its module in its own way */

/* entropy() -> what random bytes come from: os.urandom, or a chip's own source (firmware/ports) */
static mp_obj_t mod_entropy(void) {
    return mp_obj_new_str(WG_ENTROPY_NAME, strlen(WG_ENTROPY_NAME));
}
static MP_DEFINE_CONST_FUN_OBJ_0(mod_entropy_obj, mod_entropy);

/* A board whose crypto is wrong must not come up with a tunnel: the import fails. What passed is
 * not tested again by the next import: a soft reset leaves this word, as it does wg_core_replaced.
 */
static mp_obj_t mod_init(void) {
    static bool passed;
    unsigned failed = passed ? 0 : wg_selftest();
    if (failed != 0) {
        mp_raise_msg_varg(&mp_type_ImportError, MP_ERROR_TEXT("crypto self-test failed (%u)"),
                          failed);
    }
    passed = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mod_init_obj, mod_init);

static const mp_rom_map_elem_t module_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__wireguard)},
    {MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&mod_init_obj)},
    {MP_ROM_QSTR(MP_QSTR_PrivateKey), MP_ROM_PTR(&wg_type_private_key)},
    {MP_ROM_QSTR(MP_QSTR_PresharedKey), MP_ROM_PTR(&wg_type_preshared_key)},
    {MP_ROM_QSTR(MP_QSTR_SymmetricState), MP_ROM_PTR(&wg_type_symmetric_state)},
    {MP_ROM_QSTR(MP_QSTR_Session), MP_ROM_PTR(&wg_type_session)},
    {MP_ROM_QSTR(MP_QSTR_Netif), MP_ROM_PTR(&wg_type_netif)},
    {MP_ROM_QSTR(MP_QSTR_blake2s), MP_ROM_PTR(&mod_blake2s_obj)},
    {MP_ROM_QSTR(MP_QSTR_xaead_seal), MP_ROM_PTR(&mod_xaead_seal_obj)},
    {MP_ROM_QSTR(MP_QSTR_xaead_open), MP_ROM_PTR(&mod_xaead_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_random), MP_ROM_PTR(&mod_random_obj)},
    {MP_ROM_QSTR(MP_QSTR_entropy), MP_ROM_PTR(&mod_entropy_obj)},
    {MP_ROM_QSTR(MP_QSTR_selftest), MP_ROM_PTR(&mod_selftest_obj)},
    {MP_ROM_QSTR(MP_QSTR_selftest_report), MP_ROM_PTR(&mod_selftest_report_obj)},
    {MP_ROM_QSTR(MP_QSTR_SESSION_BYTES), MP_ROM_INT(sizeof(wg_session))},
    {MP_ROM_QSTR(MP_QSTR_PEER_BYTES), MP_ROM_INT(sizeof(wg_peer))},
    {MP_ROM_QSTR(MP_QSTR_PREFIX_BYTES), MP_ROM_INT(sizeof(wg_allowedip))},
    {MP_ROM_QSTR(MP_QSTR_NETIF_BYTES), MP_ROM_INT(sizeof(wg_netif))},
    {MP_ROM_QSTR(MP_QSTR_REPLAY_BITS), MP_ROM_INT(WG_REPLAY_BITS)},
};
static MP_DEFINE_CONST_DICT(module_dict, module_table);

const mp_obj_module_t wg_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&module_dict,
};
MP_REGISTER_MODULE(MP_QSTR__wireguard, wg_module);

#endif
