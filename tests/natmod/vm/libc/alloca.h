/* SPDX-License-Identifier: MIT */
#ifndef VM_ALLOCA_H
#define VM_ALLOCA_H

#define alloca(n) __builtin_alloca(n)

#endif
