/* SPDX-License-Identifier: MIT
 *
 * Packets that wait for a handshake: bounded, the oldest gives way, each reason counted.
 */
#include <string.h>

#include "wg_inside.h"
#include "wg_ip.h"

static void drop_staged(wg_netif *wg, size_t i) {
    pbuf_free(wg->staged[i].packet);
    memmove(&wg->staged[i], &wg->staged[i + 1], (WG_STAGED_MAX - 1 - i) * sizeof wg->staged[0]);
    wg->staged[WG_STAGED_MAX - 1].packet = NULL;
}

void wg_staged_drop_all(wg_netif *wg) {
    while (wg->staged[0].packet != NULL) {
        drop_staged(wg, 0);
    }
}

void wg_netif_drop_staged(wg_netif *wg, int peer) {
    for (size_t i = 0; i < WG_STAGED_MAX && wg->staged[i].packet != NULL;) {
        if (wg->staged[i].peer == peer) {
            drop_staged(wg, i);
            wg->count.staged_given_up++;
        } else {
            i++;
        }
    }
}

/* lwIP may go on to use its packet (TCP retransmits it), so a copy waits. */
void wg_staged_add(wg_netif *wg, int peer, struct pbuf *packet) {
    struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
    if (copy == NULL) {
        wg->count.staged_no_memory++;
        return;
    }
    if (wg->staged[WG_STAGED_MAX - 1].packet != NULL) {
        drop_staged(wg, 0);
        wg->count.staged_oldest++;
    }
    size_t i = 0;
    while (wg->staged[i].packet != NULL) {
        i++;
    }
    wg->staged[i] = (wg_staged){copy, (int16_t)peer};
}

/* False: there is no session any more. */
static bool send_staged(wg_netif *wg, wg_peer *peer, struct pbuf *packet, unsigned *sent) {
    uint8_t *inner = wg_message_buffer + WG_DATA_HEADER_BYTES;
    wg_ip ip = {.tos = 0};
    pbuf_copy_partial(packet, inner, packet->tot_len, 0);
    (void)wg_ip_parse(&ip, inner, packet->tot_len);
    size_t len =
        wg_path_seal(&wg->path, peer->id, wg_message_buffer, packet->tot_len, wg_netif_now_ms(wg));
    if (len != 0) {
        *sent +=
            wg_outer_send(wg, &peer->endpoint, wg_message_buffer, len, wg_ip_outer_tos(ip.tos));
    }
    return len != 0;
}

unsigned wg_netif_flush(wg_netif *wg, int peer) {
    wg_peer *p = wg_path_peer(&wg->path, peer);
    unsigned sent = 0;
    for (size_t i = 0; p != NULL && i < WG_STAGED_MAX && wg->staged[i].packet != NULL;) {
        if (wg->staged[i].peer != peer) {
            i++;
            continue;
        }
        if (!send_staged(wg, p, wg->staged[i].packet, &sent)) {
            break;
        }
        drop_staged(wg, i);
    }
    wg_netif_wake_if_events(wg, peer);
    return sent;
}
