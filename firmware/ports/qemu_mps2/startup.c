// SPDX-License-Identifier: MIT
// Vector table, start-up and fault report. Armv7-M ARM B1.5: the core loads SP and PC from the
// table.
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "host.h"
#include "lan9118.h"
#include "mps2.h"
#include "pendsv.h"
#include "uart.h"

// Enough for the highest line in use: LAN9118 on AN505 is 48.
#define IRQ_COUNT 64

// RAM is zero when the emulated board is switched on and keeps its content over a reset.
#define BOOT_MAGIC 0x6d707332u

typedef void (*vector_t)(void);
extern const vector_t vectors[16 + IRQ_COUNT];

typedef struct {
    uint32_t magic;
    mps2_reset_cause_t cause;
} boot_record_t;

extern uint32_t _estack, _sidata, _sdata, _edata, _sbss, _ebss;
int main(void);

static __attribute__((section(".noinit"))) boot_record_t boot_record;
static mps2_reset_cause_t reset_cause;

mps2_reset_cause_t mps2_reset_cause(void) {
    return reset_cause;
}

void mps2_set_reset_cause(mps2_reset_cause_t cause) {
    boot_record.cause = cause;
    reset_cause = cause;
}

void mps2_reset(void) {
    mps2_barrier();
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;) {
    }
}

// Before main() each start counts as a hard reset until somebody knows better: QEMU's own
// `system_reset` leaves no trace.
static void read_reset_cause(void) {
    reset_cause = boot_record.magic == BOOT_MAGIC ? boot_record.cause : RESET_CAUSE_POWER_ON;
    boot_record.magic = BOOT_MAGIC;
    boot_record.cause = RESET_CAUSE_HARD;
}

void Reset_Handler(void);
void Reset_Handler(void) {
#if defined(__ARM_FP)
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
    mps2_barrier();
#endif
#if MICROPY_HW_TRAP_UNALIGNED
    SCB_CCR |= SCB_CCR_UNALIGN_TRP;
#endif
    memcpy(&_sdata, &_sidata, (size_t)((char *)&_edata - (char *)&_sdata));
    memset(&_sbss, 0, (size_t)((char *)&_ebss - (char *)&_sbss));
    read_reset_cause();
    main();
    mps2_reset();
}

// Stacked by the core on exception entry (Armv7-M ARM B1.5.6).
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} fault_frame_t;

#define THUMB_BKPT_SEMIHOSTING 0xbeab

static void put_register(const char *name, uint32_t value) {
    char text[] = "00000000";
    for (int i = 7; i >= 0; i--, value >>= 4) {
        text[i] = "0123456789abcdef"[value & 15];
    }
    uart_write(name, strlen(name));
    uart_write(text, 8);
}

static void put_line(const char *text) {
    uart_write(text, strlen(text));
    uart_write("\r\n", 2);
}

// Semihosting's breakpoint faults when QEMU was started without it; say so once and stop, as
// nothing works without a host.
static void stop_without_host(void) {
    put_line("\r\nno host: start QEMU with -semihosting-config enable=on,target=native");
    for (;;) {
        __asm volatile("wfi");
    }
}

static bool at_semihosting_call(uint32_t pc) {
    bool in_code = pc >= (uint32_t)vectors && pc < (uint32_t)&_sidata;
    return in_code && *(const uint16_t *)pc == THUMB_BKPT_SEMIHOSTING;
}

// A board that faults tells where and starts again.
__attribute__((used)) static void fault_report(const fault_frame_t *frame) {
    if (at_semihosting_call(frame->pc)) {
        stop_without_host();
    }
    put_register("\r\nFAULT pc=", frame->pc);
    put_register(" lr=", frame->lr);
    put_register(" cfsr=", SCB_CFSR);
    put_register(" hfsr=", SCB_HFSR);
    put_register(" bfar=", SCB_BFAR);
    put_line("");
    mps2_set_reset_cause(RESET_CAUSE_FAULT);
    mps2_reset();
}

// One stack pointer is in use (MSP), so the frame is where it points.
__attribute__((naked)) static void Fault_Handler(void) {
    __asm volatile("mrs r0, msp\n"
                   "ldr r1, =fault_report\n"
                   "bx r1\n");
}

static void Spurious_Handler(void) {}

__attribute__((section(".vectors"), used)) const vector_t vectors[16 + IRQ_COUNT] = {
    [0] = (vector_t)&_estack,
    [1] = Reset_Handler,
    [2 ... 6] = Fault_Handler, // NMI, HardFault, MemManage, BusFault, UsageFault
    [11] = Spurious_Handler,   // SVCall
    [12] = Spurious_Handler,   // DebugMonitor
    [14] = PendSV_Handler,
    [15] = Spurious_Handler, // SysTick
    [16 ... 16 + IRQ_COUNT - 1] = Spurious_Handler,
    [16 + MICROPY_HW_UART_RX_IRQ] = uart_irq,
    [16 + MICROPY_HW_ALARM_IRQ] = clock_alarm_irq,
    [16 + MICROPY_HW_LAN9118_IRQ] = lan9118_irq,
};
