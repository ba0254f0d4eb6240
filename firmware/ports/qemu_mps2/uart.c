// SPDX-License-Identifier: MIT
#include "py/mphal.h"
#include "py/ringbuf.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#include "clock.h"
#include "mps2.h"
#include "uart.h"

#define UART_BAUD 115200
#define RX_RING_BYTES 2048

// How long a reader on the host may leave its end full before output is thrown away, as MicroPython
// does on a USB serial port. A program must not stop because somebody opened the port and left.
#define TX_STALL_MS 500

static uint8_t rx_bytes[RX_RING_BYTES];
static ringbuf_t rx_ring = {rx_bytes, sizeof(rx_bytes), 0, 0};
static bool tx_stalled;

void uart_init(void) {
    MPS2_UART->bauddiv = MICROPY_HW_CLOCK_HZ / UART_BAUD;
    MPS2_UART->ctrl = UART_CTRL_TXEN | UART_CTRL_RXEN | UART_CTRL_RXINTEN;
    mps2_irq_enable_line(MICROPY_HW_UART_RX_IRQ);
}

// When the ring is full the byte stays in the UART: QEMU then holds the rest back, so a sender that
// is too fast loses nothing. Interrupts are off or this is the interrupt.
static void fill_ring(void) {
    while ((MPS2_UART->state & UART_STATE_RXFULL) && ringbuf_free(&rx_ring)) {
        uint8_t c = (uint8_t)MPS2_UART->data;
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ringbuf_put(&rx_ring, c);
        }
    }
}

void uart_irq(void) {
    MPS2_UART->intclear = UART_INT_RX;
    clock_set_event();
    fill_ring();
}

bool uart_any(void) {
    return ringbuf_peek(&rx_ring) >= 0;
}

int uart_read(void) {
    uint32_t state = mps2_irq_disable();
    int c = ringbuf_get(&rx_ring);
    fill_ring();
    mps2_irq_restore(state);
    return c;
}

static bool tx_ready(void) {
    return !(MPS2_UART->state & UART_STATE_TXFULL);
}

static bool wait_tx_ready(void) {
    if (tx_ready()) {
        return true;
    }
    uint64_t end = clock_us() + (tx_stalled ? 0 : TX_STALL_MS * 1000);
    while (clock_us() < end) {
        if (tx_ready()) {
            return true;
        }
    }
    return false;
}

void uart_write(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        tx_stalled = !wait_tx_ready();
        if (!tx_stalled) {
            MPS2_UART->data = (uint8_t)text[i];
        }
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    if ((poll_flags & MP_STREAM_POLL_RD) && uart_any()) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready;
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int c = uart_read();
        if (c >= 0) {
            return c;
        }
        mp_event_wait_indefinite();
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, mp_uint_t length) {
    uart_write(text, length);
    return length;
}
