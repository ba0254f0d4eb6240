// SPDX-License-Identifier: MIT
// The whole interface under lwIP: IP packets of any bytes arrive at an underlay, datagrams at the
// tunnel's port in one buffer or cut into several, sealed ones with any packet inside; a program
// sends into the tunnel. No packet buffer may be left behind, and no key before its time.
#include "fuzz.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "wg_netif.h"

#define PORT 51820
#define DATAGRAM_MAX 1700
#define ETHERNET_MIN 46

static uint32_t now_ms = 1;
static struct netif underlay;
static wg_netif *wg;
static wg_peer peer;
static wg_allowedip prefixes[4];
static wg_session theirs;
static unsigned sent;

uint32_t sys_now(void) {
    return now_ms;
}

static err_t swallow(struct netif *netif, struct pbuf *p) {
    (void)netif;
    FUZZ_CHECK(p->tot_len <= 1500);
    sent++;
    return ERR_OK;
}

static err_t swallow_ip4(struct netif *netif, struct pbuf *p, const ip4_addr_t *to) {
    (void)to;
    return swallow(netif, p);
}

static err_t swallow_ip6(struct netif *netif, struct pbuf *p, const ip6_addr_t *to) {
    (void)to;
    return swallow(netif, p);
}

static err_t init_underlay(struct netif *netif) {
    netif->mtu = 1500;
    netif->mtu6 = 1500;
    netif->output = swallow_ip4;
    netif->output_ip6 = swallow_ip6;
    netif->flags = NETIF_FLAG_LINK_UP | NETIF_FLAG_BROADCAST;
    return ERR_OK;
}

static void wake(wg_netif *it) {
    (void)it;
}

static void add_underlay(void) {
    ip4_addr_t addr, mask, gateway;
    IP4_ADDR(&addr, 192, 0, 2, 15);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 192, 0, 2, 2);
    netif_add(&underlay, &addr, &mask, &gateway, NULL, init_underlay, ip_input);
    netif_set_default(&underlay);
    netif_set_up(&underlay);
}

static void set_up(void) {
    static const uint8_t key[32] = {1}, other[32] = {2}, inside[4] = {10, 7, 0, 2}, far[4] = {0};
    static const uint8_t inside6[16] = {0xfd, 7, [15] = 2};
    static bool done;
    uint16_t port = PORT;
    wg_session mine;
    if (!done) {
        lwip_init();
        add_underlay();
        done = true;
    }
    wg = wg_netif_new(wake);
    FUZZ_CHECK(wg != NULL && wg_netif_open(wg, &port) == ERR_OK);
    wg_path_set_identity(&wg->path, key);
    int id = wg_path_add_peer(&wg->path, &peer);
    wg_allowedips_move(&wg->path.allowed, prefixes, 4);
    FUZZ_CHECK(wg_allowedips_insert(&wg->path.allowed, far, 4, 0, id));
    FUZZ_CHECK(wg_allowedips_insert(&wg->path.allowed, inside6, 16, 0, id));
    FUZZ_CHECK(wg_netif_up(wg, 1420) == ERR_OK);
    FUZZ_CHECK(wg_netif_add_address(wg, inside, 4, 24) == ERR_OK);
    FUZZ_CHECK(wg_netif_add_address(wg, inside6, 16, 64) == ERR_OK);
    wg_session_init(&mine, key, other, 77, 7, true, wg_netif_now_ms(wg));
    wg_session_init(&theirs, other, key, 7, 77, false, 1);
    wg_peer_install(&peer, &mine);
    peer.endpoint = (wg_endpoint){.addr = {192, 0, 2, 1}, .addr_bytes = 4, .port = PORT};
    peer.awaited_index = 7;
}

static void tear_down(void) {
    wg_netif_free(wg);
    for (size_t i = 0; i < sizeof peer; i++) {
        FUZZ_CHECK(((const uint8_t *)&peer)[i] == 0);
    }
}

// As a driver would: pool buffers of 256 bytes, or one that holds it all; padded as Ethernet's are.
static void arrive(uint8_t *packet, size_t len, bool is_chain) {
    if (len < ETHERNET_MIN) {
        memset(packet + len, 0, ETHERNET_MIN - len);
        len = ETHERNET_MIN;
    }
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, is_chain ? PBUF_POOL : PBUF_RAM);
    if (p != NULL) {
        pbuf_take(p, packet, (u16_t)len);
        if (ip_input(p, &underlay) != ERR_OK) {
            pbuf_free(p);
        }
    }
}

static void arrive_udp(uint8_t *packet, size_t len, uint8_t how) {
    static const uint8_t head[20] = {0x45, 0, 0,   0, 0, 1, 0,   0, 64, 17,
                                     0,    0, 192, 0, 2, 1, 192, 0, 2,  15};
    memcpy(packet, head, sizeof head);
    packet[1] = how & 3; // ECN
    packet[2] = (uint8_t)((len + 28) >> 8);
    packet[3] = (uint8_t)(len + 28);
    packet[20] = packet[22] = PORT >> 8;
    packet[21] = packet[23] = PORT & 0xff;
    packet[24] = (uint8_t)((len + 8) >> 8);
    packet[25] = (uint8_t)(len + 8);
    packet[26] = packet[27] = 0;
    arrive(packet, len + 28, (how & 4) != 0);
}

static void send_inside(const uint8_t *data, size_t len, uint8_t how) {
    struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_ANY);
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    ip_addr_t to;
    ipaddr_aton(how & 8 ? "fd07::9" : "10.7.0.9", &to);
    if (pcb != NULL && p != NULL) {
        pbuf_take(p, data, (u16_t)len);
        udp_sendto(pcb, p, &to, 9);
    }
    if (p != NULL) {
        pbuf_free(p);
    }
    if (pcb != NULL) {
        udp_remove(pcb);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t packet[DATAGRAM_MAX + 64];
    fuzz_input in = {data, size};
    set_up();
    while (in.left != 0) {
        uint8_t how = fuzz_byte(&in);
        size_t wanted = fuzz_byte(&in) * 6u, len;
        now_ms += how;
        switch (how >> 6) {
        case 0:
            arrive(packet, fuzz_bytes(&in, packet, wanted), (how & 4) != 0);
            break;
        case 1:
            arrive_udp(packet, fuzz_bytes(&in, packet + 28, wanted), how);
            break;
        case 2:
            len = fuzz_bytes(&in, packet + 28 + WG_DATA_HEADER_BYTES, wanted);
            arrive_udp(packet, wg_session_seal_padded(&theirs, packet + 28, len, len), how);
            break;
        default:
            send_inside(packet, fuzz_bytes(&in, packet, wanted), how);
        }
        wg_netif_run(wg);
        sys_check_timeouts();
    }
    while (wg_netif_inbox(wg) != NULL) {
        wg_netif_inbox_pop(wg);
    }
    tear_down();
    return 0;
}
