// SPDX-License-Identifier: MIT
// network.LAN: MicroPython's AbstractNIC over lan.c. One interface, so one object.
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"

#include "lwip/dhcp.h"
#include "lwip/netif.h"

#include "lan.h"

// status(): the numbers of ports/stm32's LAN.
enum { LAN_DOWN, LAN_LINK, LAN_NO_ADDRESS, LAN_GOT_ADDRESS };

#define DHCP_TIMEOUT_MS 10000

typedef struct {
    mp_obj_base_t base;
} lan_obj_t;

extern const mp_obj_type_t network_lan_type;
static const lan_obj_t lan_obj = {{&network_lan_type}};

static int lan_status(void) {
    struct netif *netif = lan_netif();
    if (!netif_is_up(netif)) {
        return LAN_DOWN;
    }
    if (!netif_is_link_up(netif)) {
        return LAN_LINK;
    }
    return ip4_addr_isany(netif_ip4_addr(netif)) ? LAN_NO_ADDRESS : LAN_GOT_ADDRESS;
}

static void lan_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    (void)self_in;
    (void)kind;
    char address[IP4ADDR_STRLEN_MAX];
    ip4addr_ntoa_r(netif_ip4_addr(lan_netif()), address, sizeof(address));
    mp_printf(print, "<LAN %d %s>", lan_status(), address);
}

static mp_obj_t lan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                             const mp_obj_t *args) {
    (void)type;
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    if (!lan_exists()) {
        mp_raise_OSError(MP_ENODEV);
    }
    return MP_OBJ_FROM_PTR(&lan_obj);
}

static mp_obj_t lan_active(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return mp_obj_new_bool(netif_is_up(lan_netif()));
    }
    bool up = mp_obj_is_true(args[1]);
    MICROPY_PY_LWIP_ENTER
    if (up) {
        lan_up();
    } else {
        lan_down();
    }
    MICROPY_PY_LWIP_EXIT
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_active_obj, 1, 2, lan_active);

static mp_obj_t lan_isconnected(mp_obj_t self_in) {
    (void)self_in;
    return mp_obj_new_bool(lan_status() == LAN_GOT_ADDRESS);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_isconnected_obj, lan_isconnected);

static mp_obj_t lan_get_status(size_t n_args, const mp_obj_t *args) {
    (void)args;
    if (n_args > 1) {
        mp_raise_ValueError(MP_ERROR_TEXT("unknown status param"));
    }
    return MP_OBJ_NEW_SMALL_INT(lan_status());
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_status_obj, 1, 2, lan_get_status);

// extmod's functions walk lwIP's state and may raise: hold PendSV off, and let go in every case.
static mp_obj_t ipconfig_locked(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    nlr_buf_t nlr;
    MICROPY_PY_LWIP_ENTER
    if (nlr_push(&nlr) == 0) {
        mp_obj_t result = kwargs ? mod_network_nic_ipconfig(lan_netif(), n_args, args, kwargs)
                                 : mod_network_nic_ifconfig(lan_netif(), n_args, args);
        nlr_pop();
        MICROPY_PY_LWIP_EXIT
        return result;
    }
    MICROPY_PY_LWIP_EXIT
    nlr_jump(nlr.ret_val);
}

static mp_obj_t lan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    return ipconfig_locked(n_args - 1, args + 1, kwargs);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_ipconfig_obj, 1, lan_ipconfig);

// Not extmod's: it waits, and nothing arrives while PendSV is held off.
static void run_dhcp(void) {
    MICROPY_PY_LWIP_ENTER
    dhcp_start(lan_netif());
    MICROPY_PY_LWIP_EXIT
    mp_uint_t start = mp_hal_ticks_ms();
    while (!dhcp_supplied_address(lan_netif())) {
        if (mp_hal_ticks_ms() - start > DHCP_TIMEOUT_MS) {
            mp_raise_OSError(MP_ETIMEDOUT);
        }
        mp_event_wait_ms(100);
    }
}

static mp_obj_t lan_ifconfig(size_t n_args, const mp_obj_t *args) {
    if (n_args == 2 && args[1] == MP_OBJ_NEW_QSTR(MP_QSTR_dhcp)) {
        run_dhcp();
        return mp_const_none;
    }
    return ipconfig_locked(n_args - 1, args + 1, NULL);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_ifconfig_obj, 1, 2, lan_ifconfig);

static mp_obj_t lan_config(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    if (kwargs->used || n_args != 2) {
        mp_raise_TypeError(MP_ERROR_TEXT("must query one param"));
    }
    switch (mp_obj_str_get_qstr(args[1])) {
    case MP_QSTR_mac:
        return mp_obj_new_bytes(lan_netif()->hwaddr, sizeof(lan_netif()->hwaddr));
    case MP_QSTR_hostname:
        return mod_network_hostname(0, NULL);
    default:
        mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
    }
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_config_obj, 1, lan_config);

static const mp_rom_map_elem_t lan_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&lan_active_obj)},
    {MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&lan_isconnected_obj)},
    {MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&lan_status_obj)},
    {MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&lan_ifconfig_obj)},
    {MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&lan_ipconfig_obj)},
    {MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&lan_config_obj)},
};
static MP_DEFINE_CONST_DICT(lan_locals, lan_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(network_lan_type, MP_QSTR_LAN, MP_TYPE_FLAG_NONE, make_new, lan_make_new,
                         print, lan_print, locals_dict, &lan_locals);
