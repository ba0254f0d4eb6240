// SPDX-License-Identifier: MIT
// Arm MPS2+ with the Cortex-M33 (IoTKit) image of application note AN505, in Secure state.
#define MICROPY_HW_BOARD_NAME "QEMU MPS2 AN505"
#define MICROPY_HW_MCU_NAME "Cortex-M33"

// Arm application note AN505, "Memory map" and "Interrupts": the Secure aliases.
#define MICROPY_HW_CLOCK_HZ (20000000)
#define MICROPY_HW_UART_BASE (0x50200000)
#define MICROPY_HW_UART_RX_IRQ (32)
#define MICROPY_HW_ALARM_BASE (0x50001000) // CMSDK TIMER1: TIMER0 is left to benchmarks
#define MICROPY_HW_ALARM_IRQ (4)
#define MICROPY_HW_CLOCK_BASE (0x50002000) // CMSDK dual timer, first half
#define MICROPY_HW_LAN9118_BASE (0x52000000)
#define MICROPY_HW_LAN9118_IRQ (48)
