/* SPDX-License-Identifier: MIT
 *
 * MicroPython 1.25's network.PPP calls lwIP from Python's thread without lwIP's lock, while lwIP's
 * timers run at PendSV: the two would meet in lwIP's lists, in a half-written frame on the UART and
 * in the tunnel's one message buffer. The linker leads these calls here (wireguard.cmake). The lock
 * is recursive: some of them are also made from lwIP's own callbacks.
 */
#include "py/mphal.h"

#include "lwip/opt.h"

#if PPP_SUPPORT

#include "netif/ppp/pppos.h"

ppp_pcb *__real_pppos_create(struct netif *netif, pppos_output_cb_fn output,
                             ppp_link_status_cb_fn status, void *ctx);
void __real_pppos_input(ppp_pcb *ppp, u8_t *data, int len);
err_t __real_ppp_connect(ppp_pcb *ppp, u16_t holdoff);
err_t __real_ppp_close(ppp_pcb *ppp, u8_t nocarrier);
err_t __real_ppp_free(ppp_pcb *ppp);

ppp_pcb *__wrap_pppos_create(struct netif *netif, pppos_output_cb_fn output,
                             ppp_link_status_cb_fn status, void *ctx) {
    MICROPY_PY_LWIP_ENTER
    ppp_pcb *ppp = __real_pppos_create(netif, output, status, ctx);
    MICROPY_PY_LWIP_EXIT
    return ppp;
}

void __wrap_pppos_input(ppp_pcb *ppp, u8_t *data, int len) {
    MICROPY_PY_LWIP_ENTER
    __real_pppos_input(ppp, data, len);
    MICROPY_PY_LWIP_EXIT
}

err_t __wrap_ppp_connect(ppp_pcb *ppp, u16_t holdoff) {
    MICROPY_PY_LWIP_ENTER
    err_t err = __real_ppp_connect(ppp, holdoff);
    MICROPY_PY_LWIP_EXIT
    return err;
}

err_t __wrap_ppp_close(ppp_pcb *ppp, u8_t nocarrier) {
    MICROPY_PY_LWIP_ENTER
    err_t err = __real_ppp_close(ppp, nocarrier);
    MICROPY_PY_LWIP_EXIT
    return err;
}

err_t __wrap_ppp_free(ppp_pcb *ppp) {
    MICROPY_PY_LWIP_ENTER
    err_t err = __real_ppp_free(ppp);
    MICROPY_PY_LWIP_EXIT
    return err;
}

#endif
