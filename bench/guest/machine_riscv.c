// SPDX-License-Identifier: MIT
// The machine below the guest: QEMU's RISC-V `virt` board. There is no libc for it here, so the
// block moves that compilers call are ours too.
#include <stddef.h>
#include <stdint.h>

#include "../../tests/native/harness.h"

#define SYS_WRITE0 0x04
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026

uintptr_t machine_semihost(uintptr_t operation, const void *argument);
_Noreturn void machine_exit(int status);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void machine_write(const char *text) {
    machine_semihost(SYS_WRITE0, text);
}

_Noreturn void machine_exit(int status) {
    const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)status};
    for (;;) {
        machine_semihost(SYS_EXIT_EXTENDED, block);
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    uint8_t *p = to;
    const uint8_t *q = from;
    if ((((uintptr_t)p | (uintptr_t)q) & 3) == 0) {
        for (; n >= 4; n -= 4, p += 4, q += 4) {
            *(uint32_t *)p = *(const uint32_t *)q;
        }
    }
    while (n-- > 0) {
        *p++ = *q++;
    }
    return to;
}

void *memset(void *to, int value, size_t n) {
    uint8_t *p = to;
    uint32_t word = (uint8_t)value * 0x01010101u;
    if (((uintptr_t)p & 3) == 0) {
        for (; n >= 4; n -= 4, p += 4) {
            *(uint32_t *)p = word;
        }
    }
    while (n-- > 0) {
        *p++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const uint8_t *p = a, *q = b;
    for (; n > 0; n--, p++, q++) {
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
    }
    return 0;
}
