// SPDX-License-Identifier: MIT
// The Ethernet network interface: LAN9118 below, lwIP above.
#ifndef QEMU_MPS2_LAN_H
#define QEMU_MPS2_LAN_H

#include <stdbool.h>

struct netif;

void lan_init(void);   // once, after lwip_init()
bool lan_exists(void); // the chip answered
struct netif *lan_netif(void);
// Both by the thread, under MICROPY_PY_LWIP_ENTER.
void lan_up(void); // with DHCP unless an address is set; IPv6 by router advertisement
void lan_down(void);

#endif
