// SPDX-License-Identifier: MIT
// The REPL's serial line: CMSDK APB UART 0.
#ifndef QEMU_MPS2_UART_H
#define QEMU_MPS2_UART_H

#include <stdbool.h>
#include <stddef.h>

void uart_init(void);
bool uart_any(void); // a received byte waits
int uart_read(void); // next received byte, -1: none
void uart_write(const char *text, size_t length);
void uart_irq(void);

#endif
