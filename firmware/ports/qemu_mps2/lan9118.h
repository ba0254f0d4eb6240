// SPDX-License-Identifier: MIT
// SMSC LAN9118 10/100 Ethernet controller, from its data sheet (chapters 3 and 5). Knows frames and
// pbufs, not protocols; lan.c makes it a network interface.
#ifndef QEMU_MPS2_LAN9118_H
#define QEMU_MPS2_LAN9118_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pbuf;

bool lan9118_init(void); // false: no such chip answers
void lan9118_start(void);
void lan9118_stop(void);
void lan9118_get_mac(uint8_t mac[6]);
bool lan9118_link(void);
bool lan9118_send(const struct pbuf *frame); // false: no room in the transmit FIFO, dropped
// Next received frame without its checksum; NULL: none. Broken ones and those for which there is no
// memory are dropped. Chained when larger than a pool pbuf.
struct pbuf *lan9118_receive(void);
// The interrupt turns itself off and calls lan9118_on_receive(), which the user of this driver
// defines. He clears it, takes all frames and enables it: a frame that comes in between raises it.
void lan9118_on_receive(void);
void lan9118_irq_clear(void);
void lan9118_irq_enable(void);
void lan9118_irq(void);

#endif
