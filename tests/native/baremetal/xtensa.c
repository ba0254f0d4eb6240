// SPDX-License-Identifier: MIT
// The machine below the tests: QEMU's Xtensa `sim`, output and exit by simcalls. libgcc is not
// linked, as Debian's has another calling convention: what gcc calls of it is here.
#include <stddef.h>
#include <stdint.h>

#include "../harness.h"
#include "xtensa.h"

// By its code: assemblers disagree on its operands.
#define SIMCALL ".byte 0x00, 0x51, 0x00"
#define STDOUT 1

uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __ashldi3(uint64_t a, int n);
uint64_t __lshrdi3(uint64_t a, int n);

int machine_simcall(int number, uintptr_t a, uintptr_t b, uintptr_t c) {
    register int a2 __asm__("a2") = number;
    register uintptr_t a3 __asm__("a3") = a;
    register uintptr_t a4 __asm__("a4") = b;
    register uintptr_t a5 __asm__("a5") = c;
    __asm__ volatile(SIMCALL : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void machine_write(const char *text) {
    size_t n = 0;
    while (text[n] != 0) {
        n++;
    }
    machine_simcall(SIM_WRITE, STDOUT, (uintptr_t)text, n);
}

_Noreturn void machine_exit(int status) {
    for (;;) {
        machine_simcall(SIM_EXIT, (uintptr_t)status, 0, 0);
    }
}

uint32_t machine_ticks(void) {
    return 0;
}

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t low = a0 * b0, mid0 = a1 * b0 + (low >> 16), mid1 = a0 * b1 + (mid0 & 0xffff);
    uint32_t high = a1 * b1 + (mid0 >> 16) + (mid1 >> 16);
    return (uint64_t)high << 32 | (mid1 << 16 | (low & 0xffff));
}

uint64_t __muldi3(uint64_t a, uint64_t b) {
    uint32_t a0 = (uint32_t)a, b0 = (uint32_t)b;
    uint32_t high = (uint32_t)(a >> 32) * b0 + a0 * (uint32_t)(b >> 32);
    return __umulsidi3(a0, b0) + ((uint64_t)high << 32);
}

uint64_t __ashldi3(uint64_t a, int n) {
    uint32_t low = (uint32_t)a, high = (uint32_t)(a >> 32);
    if (n == 0) {
        return a;
    }
    if (n >= 32) {
        return (uint64_t)(low << (n - 32)) << 32;
    }
    return (uint64_t)(high << n | low >> (32 - n)) << 32 | low << n;
}

uint64_t __lshrdi3(uint64_t a, int n) {
    uint32_t low = (uint32_t)a, high = (uint32_t)(a >> 32);
    if (n == 0) {
        return a;
    }
    if (n >= 32) {
        return high >> (n - 32);
    }
    return (uint64_t)(high >> n) << 32 | (high << (32 - n) | low >> n);
}
