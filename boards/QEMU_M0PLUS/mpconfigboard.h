// SPDX-License-Identifier: MIT
// armv6-m code on the AN385 machine: what an RP2040-class core would execute.
#define MICROPY_HW_BOARD_NAME "QEMU MPS2 AN385 (armv6-m code)"
#define MICROPY_HW_MCU_NAME "Cortex-M0+"

// Arm application note AN385, "Memory map" and "Interrupts".
#define MICROPY_HW_CLOCK_HZ (25000000)
#define MICROPY_HW_UART_BASE (0x40004000)
#define MICROPY_HW_UART_RX_IRQ (0)
#define MICROPY_HW_ALARM_BASE (0x40001000) // CMSDK TIMER1: TIMER0 is left to benchmarks
#define MICROPY_HW_ALARM_IRQ (9)
#define MICROPY_HW_CLOCK_BASE (0x40002000) // CMSDK dual timer, first half
#define MICROPY_HW_LAN9118_BASE (0x40200000)
#define MICROPY_HW_LAN9118_IRQ (13)

// A Cortex-M0+ faults on an unaligned access; the Cortex-M3 underneath does so only when told to.
#define MICROPY_HW_TRAP_UNALIGNED (1)

// Buffers as on a small board (compare ports/rp2): a full-size datagram arrives as chained pbufs.
#define MICROPY_HW_LWIP_SMALL (1)

#define MICROPY_EMIT_THUMB_ARMV7M (0)
