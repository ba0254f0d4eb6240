/* SPDX-License-Identifier: MIT
 *
 * The primitives themselves, for vectors that no function of `_wireguard` can be given: a native
 * module that has these as well is built for the tests, with the same sources, flags and linker.
 * firmware/binding/natmod/natmod.c includes this file as EXTRA.
 */
#include "wg_chacha20.h"
#include "wg_hkdf.h"
#include "wg_poly1305.h"
#include "wg_x25519.h"

/* x25519(scalar, point) -> bytes, None when all zero */
static mp_obj_t raw_x25519(mp_obj_t scalar, mp_obj_t point) {
    uint8_t out[32];
    bool good = wg_x25519(out, wg_bytes_arg(scalar, 32), wg_bytes_arg(point, 32));
    return good ? mp_obj_new_bytes(out, sizeof out) : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(raw_x25519_obj, raw_x25519);

static mp_obj_t raw_hmac(mp_obj_t key_in, mp_obj_t data_in) {
    uint8_t out[32];
    const uint8_t *key, *data;
    size_t key_len, len;
    wg_buffer_arg(key_in, &key, &key_len);
    wg_buffer_arg(data_in, &data, &len);
    wg_hmac_blake2s(out, key, key_len, data, len);
    return mp_obj_new_bytes(out, sizeof out);
}
static MP_DEFINE_CONST_FUN_OBJ_2(raw_hmac_obj, raw_hmac);

/* kdf(key, data, outputs) -> bytes; the first output replaces the key, as in a handshake */
static mp_obj_t raw_kdf(mp_obj_t key, mp_obj_t data_in, mp_obj_t outputs) {
    uint8_t t[96];
    const uint8_t *data;
    size_t len;
    mp_int_t n = (mp_int_t)mp_obj_get_int(outputs);
    wg_buffer_arg(data_in, &data, &len);
    memcpy(t, wg_bytes_arg(key, 32), 32);
    if (n == 1) {
        wg_kdf1(t, t, data, len);
    } else if (n == 2) {
        wg_kdf2(t, t + 32, t, data, len);
    } else {
        wg_kdf3(t, t + 32, t + 64, t, data, len);
    }
    return mp_obj_new_bytes(t, 32 * (size_t)n);
}
static MP_DEFINE_CONST_FUN_OBJ_3(raw_kdf_obj, raw_kdf);

/* chacha20(key, nonce, counter, data) -> bytes */
static mp_obj_t raw_chacha20(size_t n_args, const mp_obj_t *args) {
    uint32_t state[16];
    const uint8_t *data;
    size_t len;
    vstr_t out;
    wg_buffer_arg(args[3], &data, &len);
    wg_chacha20_init(state, wg_bytes_arg(args[0], 32), wg_bytes_arg(args[1], 12),
                     (uint32_t)mp_obj_get_int_truncated(args[2]));
    vstr_init_len(&out, len);
    wg_chacha20_xor(state, (uint8_t *)out.buf, data, len);
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(raw_chacha20_obj, 4, 4, raw_chacha20);

static mp_obj_t raw_hchacha20(mp_obj_t key, mp_obj_t nonce) {
    uint8_t out[32];
    wg_hchacha20(out, wg_bytes_arg(key, 32), wg_bytes_arg(nonce, 16));
    return mp_obj_new_bytes(out, sizeof out);
}
static MP_DEFINE_CONST_FUN_OBJ_2(raw_hchacha20_obj, raw_hchacha20);

static mp_obj_t raw_poly1305(mp_obj_t key, mp_obj_t data_in) {
    wg_poly1305_state state;
    uint8_t out[16];
    const uint8_t *data;
    size_t len;
    wg_buffer_arg(data_in, &data, &len);
    wg_poly1305_init(&state, wg_bytes_arg(key, 32));
    wg_poly1305_absorb(&state, data, len);
    wg_poly1305_final(&state, out);
    return mp_obj_new_bytes(out, sizeof out);
}
static MP_DEFINE_CONST_FUN_OBJ_2(raw_poly1305_obj, raw_poly1305);

/* aead_seal(key, nonce, plain, ad) -> bytes */
static mp_obj_t raw_aead_seal(size_t n_args, const mp_obj_t *args) {
    const uint8_t *plain, *ad;
    size_t len, ad_len;
    vstr_t out;
    const uint8_t *key = wg_bytes_arg(args[0], 32), *nonce = wg_bytes_arg(args[1], 12);
    wg_buffer_arg(args[2], &plain, &len);
    wg_buffer_arg(args[3], &ad, &ad_len);
    vstr_init_len(&out, len + 16);
    wg_aead_seal_nonce((uint8_t *)out.buf, plain, len, ad, ad_len, nonce, key);
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(raw_aead_seal_obj, 4, 4, raw_aead_seal);

/* aead_open(key, nonce, cipher, ad) -> bytes | None */
static mp_obj_t raw_aead_open(size_t n_args, const mp_obj_t *args) {
    const uint8_t *cipher, *ad;
    size_t len, ad_len;
    vstr_t out;
    const uint8_t *key = wg_bytes_arg(args[0], 32), *nonce = wg_bytes_arg(args[1], 12);
    wg_buffer_arg(args[2], &cipher, &len);
    wg_buffer_arg(args[3], &ad, &ad_len);
    vstr_init_len(&out, len < 16 ? 0 : len - 16);
    if (len < 16 || !wg_aead_open_nonce((uint8_t *)out.buf, cipher, len, ad, ad_len, nonce, key)) {
        vstr_clear(&out);
        return mp_const_none;
    }
    return mp_obj_new_bytes_from_vstr(&out);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(raw_aead_open_obj, 4, 4, raw_aead_open);

#define WG_NATMOD_EXTRA_TABLE                                                                      \
    {MP_ROM_QSTR(MP_QSTR_x25519), MP_ROM_PTR(&raw_x25519_obj)},                                    \
        {MP_ROM_QSTR(MP_QSTR_hmac), MP_ROM_PTR(&raw_hmac_obj)},                                    \
        {MP_ROM_QSTR(MP_QSTR_kdf), MP_ROM_PTR(&raw_kdf_obj)},                                      \
        {MP_ROM_QSTR(MP_QSTR_chacha20), MP_ROM_PTR(&raw_chacha20_obj)},                            \
        {MP_ROM_QSTR(MP_QSTR_hchacha20), MP_ROM_PTR(&raw_hchacha20_obj)},                          \
        {MP_ROM_QSTR(MP_QSTR_poly1305), MP_ROM_PTR(&raw_poly1305_obj)},                            \
        {MP_ROM_QSTR(MP_QSTR_aead_seal), MP_ROM_PTR(&raw_aead_seal_obj)},                          \
        {MP_ROM_QSTR(MP_QSTR_aead_open), MP_ROM_PTR(&raw_aead_open_obj)},
