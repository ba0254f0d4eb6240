// SPDX-License-Identifier: MIT
// A reset leaves what was in RAM, and session keys are in Python's heap: cleared before it is used.
#include <stdint.h>
#include <string.h>

#include "py/mpconfig.h"

extern char __GcHeapStart, __GcHeapEnd; // the port's linker script

void wg_heap_clear(void) {
    memset(&__GcHeapStart, 0, (uintptr_t)&__GcHeapEnd - (uintptr_t)&__GcHeapStart);
}
