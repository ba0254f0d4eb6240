// SPDX-License-Identifier: MIT
// MicroPython 1.25's socket.close() calls tcp_err() and tcp_recv() on listening sockets too. lwIP's
// listening pcb is a shorter struct that has no such callbacks: the store would hit whatever lies
// behind it, and lwIP asserts against it. The linker's --wrap puts these in between.
#include "lwip/tcp.h"

void __real_tcp_err(struct tcp_pcb *pcb, tcp_err_fn err);
void __real_tcp_recv(struct tcp_pcb *pcb, tcp_recv_fn recv);
void __wrap_tcp_err(struct tcp_pcb *pcb, tcp_err_fn err);
void __wrap_tcp_recv(struct tcp_pcb *pcb, tcp_recv_fn recv);

void __wrap_tcp_err(struct tcp_pcb *pcb, tcp_err_fn err) {
    if (pcb->state != LISTEN) {
        __real_tcp_err(pcb, err);
    }
}

void __wrap_tcp_recv(struct tcp_pcb *pcb, tcp_recv_fn recv) {
    if (pcb->state != LISTEN) {
        __real_tcp_recv(pcb, recv);
    }
}
