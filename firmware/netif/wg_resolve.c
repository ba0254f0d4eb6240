/* SPDX-License-Identifier: MIT
 *
 * Names of endpoints, by lwIP's resolver.
 */
#include "wg_inside.h"

static void resolve_done(const char *name, const ip_addr_t *addr, void *arg) {
    wg_netif *wg = arg;
    LWIP_UNUSED_ARG(name);
    if (!wg->in_use || wg->resolve != WG_RESOLVE_PENDING) {
        return; /* the interface was closed while lwIP asked */
    }
    wg->resolve = addr == NULL ? WG_RESOLVE_FAILED : WG_RESOLVE_DONE;
    if (addr != NULL) {
        wg->resolved = *addr;
    }
    wg->wake(wg);
}

void wg_netif_resolve(wg_netif *wg, const char *name) {
    wg->resolve = WG_RESOLVE_PENDING;
    err_t err = dns_gethostbyname(name, &wg->resolved, resolve_done, wg);
    if (err == ERR_OK) {
        wg->resolve = WG_RESOLVE_DONE;
    } else if (err != ERR_INPROGRESS) {
        wg->resolve = WG_RESOLVE_FAILED;
    }
}

void wg_netif_resolved(const wg_netif *wg, wg_endpoint *found) {
    wg_endpoint_from_lwip(found, &wg->resolved, 0);
}
