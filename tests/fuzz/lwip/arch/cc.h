// SPDX-License-Identifier: MIT
#ifndef FUZZ_ARCH_CC_H
#define FUZZ_ARCH_CC_H

#include <stdlib.h>

#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) __builtin_trap()
#define LWIP_RAND() 4u // repeatable

#endif
