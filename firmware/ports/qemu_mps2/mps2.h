// SPDX-License-Identifier: MIT
// Registers this port uses. Sources: Armv7-M Architecture Reference Manual, part B3 (system control
// space); Cortex-M System Design Kit TRM, chapter "Basic AHB/APB components" (CMSDK peripherals).
#ifndef QEMU_MPS2_H
#define QEMU_MPS2_H

#include <stdbool.h>
#include <stdint.h>

#include "mpconfigboard.h"

#define MPS2_REG(address) (*(volatile uint32_t *)(address))

// System control space.
#define SCB_ICSR MPS2_REG(0xe000ed04)
#define SCB_ICSR_PENDSVSET (1u << 28)
#define SCB_AIRCR MPS2_REG(0xe000ed0c)
#define SCB_AIRCR_RESET (0x05fa0000u | 1u << 2) // VECTKEY, SYSRESETREQ
#define SCB_CCR MPS2_REG(0xe000ed14)
#define SCB_CCR_UNALIGN_TRP (1u << 3)
#define SCB_SHPR3 MPS2_REG(0xe000ed20)
#define SCB_SHPR3_PENDSV_LOWEST (0xffu << 16)
#define SCB_CFSR MPS2_REG(0xe000ed28)
#define SCB_HFSR MPS2_REG(0xe000ed2c)
#define SCB_BFAR MPS2_REG(0xe000ed38)
#define SCB_CPACR MPS2_REG(0xe000ed88)
#define SCB_CPACR_FPU_FULL (0xfu << 20)
#define NVIC_ISER(n) MPS2_REG(0xe000e100 + 4 * ((n) / 32))

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t ctrl;
    volatile uint32_t intclear;
    volatile uint32_t bauddiv;
} cmsdk_uart_t;

#define UART_STATE_TXFULL (1u << 0)
#define UART_STATE_RXFULL (1u << 1)
#define UART_CTRL_TXEN (1u << 0)
#define UART_CTRL_RXEN (1u << 1)
#define UART_CTRL_RXINTEN (1u << 3)
#define UART_INT_RX (1u << 1)
#define MPS2_UART ((cmsdk_uart_t *)MICROPY_HW_UART_BASE)

typedef struct {
    volatile uint32_t ctrl;
    volatile uint32_t value;
    volatile uint32_t reload;
    volatile uint32_t intclear;
} cmsdk_timer_t;

#define TIMER_CTRL_EN (1u << 0)
#define TIMER_CTRL_IRQEN (1u << 3)
#define MPS2_ALARM ((cmsdk_timer_t *)MICROPY_HW_ALARM_BASE)

typedef struct {
    volatile uint32_t load;
    volatile uint32_t value;
    volatile uint32_t control;
} cmsdk_dualtimer_t;

#define DUALTIMER_32BIT (1u << 1)
#define DUALTIMER_ENABLE (1u << 7) // free running: periodic and one-shot bits clear
#define MPS2_CLOCK ((cmsdk_dualtimer_t *)MICROPY_HW_CLOCK_BASE)

static inline uint32_t mps2_irq_disable(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void mps2_irq_restore(uint32_t primask) {
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

static inline void mps2_irq_enable_line(unsigned irq) {
    NVIC_ISER(irq) = 1u << (irq % 32);
}

static inline void mps2_barrier(void) {
    __asm volatile("dsb\n isb" ::: "memory");
}

// Why the firmware starts; survives a reset in RAM that the start-up code does not clear.
typedef enum {
    RESET_CAUSE_POWER_ON = 1,
    RESET_CAUSE_HARD = 2,
    RESET_CAUSE_FAULT = 3,
    RESET_CAUSE_SOFT = 4,
} mps2_reset_cause_t;

mps2_reset_cause_t mps2_reset_cause(void);
void mps2_set_reset_cause(mps2_reset_cause_t cause); // what the next start reports
void mps2_reset(void) __attribute__((noreturn));
// A failure that must not go unnoticed: say so on the serial line and start again.
void mps2_fatal(const char *message) __attribute__((noreturn));

#endif
