/* SPDX-License-Identifier: MIT */
#ifndef VM_STDLIB_H
#define VM_STDLIB_H

#include <stddef.h>

_Noreturn void abort(void);

#endif
