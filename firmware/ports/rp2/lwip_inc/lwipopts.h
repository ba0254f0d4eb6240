/* SPDX-License-Identifier: MIT
 *
 * lwIP on our rp2 boards: the port's options, with memory for full-size datagrams. board.cmake puts
 * this folder before the port's. What it costs in RAM: README.md.
 *
 * The port has segments of 800 bytes and a heap of 8000. A datagram of 1500 bytes then is a chain
 * of two buffers, a tunnelled transfer takes twice the packets, each with 60 bytes of overhead and
 * one run of the cipher, and one TCP connection's unsent data fills the heap in which the sealed
 * packets are made.
 */
#ifndef WG_RP2_LWIPOPTS_H
#define WG_RP2_LWIPOPTS_H

/* One buffer of the pool holds 1536 bytes (lwip/opt.h, PBUF_POOL_BUFSIZE): a whole frame. */
#define TCP_MSS (1460)
/* The heap holds one connection's send buffer, six times 1540 bytes, and four packets more. */
#if PICO_RP2350
#define MEM_SIZE (32000)
#define PBUF_POOL_SIZE (24)
#define WG_TCP_SEGMENTS (8)
#else
#define MEM_SIZE (16000)
#define PBUF_POOL_SIZE (12)
#define WG_TCP_SEGMENTS (6)
#endif
#define TCP_WND (WG_TCP_SEGMENTS * TCP_MSS)
#define TCP_SND_BUF (WG_TCP_SEGMENTS * TCP_MSS)
#define MEMP_NUM_TCP_SEG (32)

#include_next "lwipopts.h"

/* DHCP, DNS and mDNS take three of the port's five; a tunnel takes one. */
#undef MEMP_NUM_UDP_PCB
#define MEMP_NUM_UDP_PCB (10)

#endif
