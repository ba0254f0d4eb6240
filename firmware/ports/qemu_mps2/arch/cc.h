// SPDX-License-Identifier: MIT
// lwIP's compiler and platform header (lwip/arch.h documents what it may hold).
#ifndef QEMU_MPS2_ARCH_CC_H
#define QEMU_MPS2_ARCH_CC_H

#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1

// A broken invariant of lwIP is reported and the board starts again.
void mps2_fatal(const char *message) __attribute__((noreturn));
#define LWIP_PLATFORM_ASSERT(message) mps2_fatal(message)
#define LWIP_PLATFORM_DIAG(message)

#endif
