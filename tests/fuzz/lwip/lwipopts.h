// SPDX-License-Identifier: MIT
// lwIP for the fuzz target: small pool buffers, so that most datagrams are chains, and every check
// that lwIP can make of itself.
#ifndef FUZZ_LWIPOPTS_H
#define FUZZ_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DNS 1
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_DHCP 0
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1
#define LWIP_IPV6_MLD 0
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define IPV6_FRAG_COPYHEADER 1 // 64-bit pointers
#define MEM_ALIGNMENT 8
#define MEM_SIZE (64 * 1024)
#define MEM_LIBC_MALLOC 1 // so that the sanitizer sees each block
#define MEMP_MEM_MALLOC 1
#define PBUF_POOL_SIZE 64
#define PBUF_POOL_BUFSIZE 256
#define TCP_MSS 536
#define CHECKSUM_CHECK_IP 0 // or hardly anything would get past the first header
#define CHECKSUM_CHECK_UDP 0
#define CHECKSUM_CHECK_ICMP 0
#define CHECKSUM_CHECK_ICMP6 0
#define CHECKSUM_CHECK_TCP 0

#endif
