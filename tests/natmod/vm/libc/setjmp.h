/* SPDX-License-Identifier: MIT */
#ifndef VM_SETJMP_H
#define VM_SETJMP_H

typedef unsigned jmp_buf[10];

__attribute__((returns_twice)) int setjmp(jmp_buf buffer);
_Noreturn void longjmp(jmp_buf buffer, int value);

#endif
