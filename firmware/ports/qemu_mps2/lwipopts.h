// SPDX-License-Identifier: MIT
// lwIP's options (lwip/opt.h documents each). Sized so that a user C module can add a network
// interface, timeouts and UDP endpoints of its own.
#ifndef QEMU_MPS2_LWIPOPTS_H
#define QEMU_MPS2_LWIPOPTS_H

#include "py/mpconfig.h"

// All of lwIP runs at one level (PendSV) or with that level held off; it needs no locks.
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 1
#define SYS_ARCH_DECL_PROTECT(level)
#define SYS_ARCH_PROTECT(level)
#define SYS_ARCH_UNPROTECT(level)
typedef uint32_t sys_prot_t;

#define MEM_ALIGNMENT 4
#define LWIP_CHKSUM_ALGORITHM 3
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_RAND() mps2_random_u32()

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_IGMP 1
#define LWIP_DHCP 1
#define LWIP_DHCP_CHECK_LINK_UP 1
#define LWIP_DHCP_DOES_ACD_CHECK 0 // saves seconds at start
#define LWIP_DNS 1
#define LWIP_DNS_SUPPORT_MDNS_QUERIES 1
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define SO_REUSE 1
#define LWIP_TESTMODE 1 // only gives access to the list of timeouts, which MicroPython 1.26 wants

#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1
#define LWIP_NUM_NETIF_CLIENT_DATA 2

#define LWIP_ND6_NUM_DESTINATIONS 8
#define LWIP_IPV6_NUM_ADDRESSES 4
#define MEMP_NUM_ND6_QUEUE 8
#define ARP_QUEUEING 1
#define MEMP_NUM_ARP_QUEUE 8

// Spare for user modules: lwIP's own number is exact.
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 8)
#define MEMP_NUM_UDP_PCB 12
#define MEMP_NUM_RAW_PCB 6
#define MEMP_NUM_TCP_PCB 12
#define MEMP_NUM_TCP_PCB_LISTEN 6
#define MEMP_NUM_PBUF 48
#define TCP_LISTEN_BACKLOG 1

#if MICROPY_HW_LWIP_SMALL
// What ports/rp2 has: a full-size datagram is a chain of pbufs.
#define MEM_SIZE (16 * 1024)
#define TCP_MSS 800
#define PBUF_POOL_SIZE 32
#else
#define MEM_SIZE (48 * 1024)
#define TCP_MSS 1460
#define PBUF_POOL_SIZE 32
#endif
#define TCP_WND (8 * TCP_MSS)
#define TCP_SND_BUF (8 * TCP_MSS)
#define MEMP_NUM_TCP_SEG 64

#endif
