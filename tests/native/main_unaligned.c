// SPDX-License-Identifier: MIT
// Proof that the Cortex-M0+ image would notice an unaligned access: this program must fault.
#include "harness.h"

int main(void) {
    static uint8_t bytes[8];
    uintptr_t at = (uintptr_t)bytes + 1;
    __asm__ volatile("" : "+r"(at)); // else the compiler reads it byte by byte
    test_begin("unaligned access went through", -1);
    test_check(*(const volatile uint32_t *)at == 1, "no fault");
    test_end();
    return test_report();
}
