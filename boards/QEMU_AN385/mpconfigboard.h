// SPDX-License-Identifier: MIT
// Arm MPS2 with the Cortex-M3 image of application note AN385.
#define MICROPY_HW_BOARD_NAME "QEMU MPS2 AN385"
#define MICROPY_HW_MCU_NAME "Cortex-M3"

// Arm application note AN385, "Memory map" and "Interrupts".
#define MICROPY_HW_CLOCK_HZ (25000000)
#define MICROPY_HW_UART_BASE (0x40004000)
#define MICROPY_HW_UART_RX_IRQ (0)
#define MICROPY_HW_ALARM_BASE (0x40001000) // CMSDK TIMER1: TIMER0 is left to benchmarks
#define MICROPY_HW_ALARM_IRQ (9)
#define MICROPY_HW_CLOCK_BASE (0x40002000) // CMSDK dual timer, first half
#define MICROPY_HW_LAN9118_BASE (0x40200000)
#define MICROPY_HW_LAN9118_IRQ (13)
