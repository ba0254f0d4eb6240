// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "extmod/modnetwork.h"
#include "shared/runtime/softtimer.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/netif.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "lan.h"
#include "lan9118.h"
#include "pendsv.h"

#define LWIP_POLL_MS 50
#define LINK_POLL_MS 1000
#define ETHERNET_MTU_BYTES 1500

// Frames handled before other PendSV work gets its turn.
#define RECEIVE_BURST 16

static struct netif netif;
static bool exists;
static soft_timer_entry_t lwip_timer;

u32_t sys_now(void) {
    return mp_hal_ticks_ms();
}

static err_t link_output(struct netif *self, struct pbuf *frame) {
    (void)self;
    return lan9118_send(frame) ? ERR_OK : ERR_MEM;
}

static void receive(void) {
    lan9118_irq_clear();
    for (int i = 0; i < RECEIVE_BURST; i++) {
        struct pbuf *frame = lan9118_receive();
        if (!frame) {
            lan9118_irq_enable();
            return;
        }
        if (netif.input(frame, &netif) != ERR_OK) {
            pbuf_free(frame);
        }
    }
    pendsv_schedule_dispatch(PENDSV_DISPATCH_LAN, receive);
}

void lan9118_on_receive(void) {
    pendsv_schedule_dispatch(PENDSV_DISPATCH_LAN, receive);
}

static err_t netif_setup(struct netif *self) {
    self->name[0] = 'e';
    self->name[1] = 'n';
    self->mtu = ETHERNET_MTU_BYTES;
    self->hwaddr_len = sizeof(self->hwaddr);
    lan9118_get_mac(self->hwaddr);
    self->hostname = mod_network_hostname_data;
    self->output = etharp_output;
    self->output_ip6 = ethip6_output;
    self->linkoutput = link_output;
    self->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP |
                  NETIF_FLAG_MLD6;
    return ERR_OK;
}

void lan_init(void) {
    exists = lan9118_init();
    if (exists) {
        netif_add_noaddr(&netif, NULL, netif_setup, ethernet_input);
        netif_create_ip6_linklocal_address(&netif, 1);
        netif.ip6_autoconfig_enabled = 1;
        netif_set_default(&netif);
    }
}

bool lan_exists(void) {
    return exists;
}

struct netif *lan_netif(void) {
    return &netif;
}

static void follow_link(void) {
    bool link = lan9118_link();
    if (link && !netif_is_link_up(&netif)) {
        netif_set_link_up(&netif);
    } else if (!link && netif_is_link_up(&netif)) {
        netif_set_link_down(&netif);
    }
}

void lan_up(void) {
    if (netif_is_up(&netif)) {
        return;
    }
    lan9118_start();
    netif_set_up(&netif);
    follow_link();
    if (ip4_addr_isany(netif_ip4_addr(&netif))) {
        dhcp_start(&netif);
    }
}

void lan_down(void) {
    if (netif_is_up(&netif)) {
        dhcp_release_and_stop(&netif);
        netif_set_down(&netif);
        netif_set_link_down(&netif);
        lan9118_stop();
    }
}

// At PendSV level.
static void poll_lwip(soft_timer_entry_t *timer) {
    static uint32_t link_polled_ms;
    (void)timer;
    sys_check_timeouts();
#if LWIP_NETIF_LOOPBACK
    netif_poll_all();
#endif
    if (exists && netif_is_up(&netif) && sys_now() - link_polled_ms >= LINK_POLL_MS) {
        link_polled_ms = sys_now();
        follow_link();
    }
}

// Called at each soft reset, which drops soft timers.
void mod_network_lwip_init(void) {
    soft_timer_static_init(&lwip_timer, SOFT_TIMER_MODE_PERIODIC, LWIP_POLL_MS, poll_lwip);
    soft_timer_reinsert(&lwip_timer, LWIP_POLL_MS);
}
