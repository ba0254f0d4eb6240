/* SPDX-License-Identifier: MIT */
/* field.h on the core for ARMv6-M: its routines and macros, on its frame. */
#include FIELD_CORE

    .macro function name
    .global \name
    .type \name, %function
\name:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, #FRAME
    str r0, [sp, #OUT]
    .endm

    .macro return
    add sp, #FRAME
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .endm

    .macro copy8 to, from
    .rept 2
    ldm \from!, {r4-r7}
    stm \to!, {r4-r7}
    .endr
    .endm

    .macro in8 slot, from
    add r0, sp, #\slot
    copy8 r0, \from
    .endm

    .macro out8 slot, to=OUT
    ldr r0, [sp, #\to]
    add r1, sp, #\slot
    copy8 r0, r1
    .endm

    function field_mul
    in8 A, r1
    in8 B, r2
    binary fe_mul, A, B, C
    out8 C
    return

    function field_sqr
    in8 A, r1
    square A, C
    out8 C
    return

    function field_add_sub
    str r1, [sp, #SCALAR]
    in8 A, r2
    in8 B, r3
    add_sub A, B, C
    out8 C
    out8 B, SCALAR
    return

    function field_a24
    str r1, [sp, #SCALAR]
    in8 A, r2
    in8 B, r3
    binary fe_sub, A, B, C
    a24
    out8 C
    out8 D, SCALAR
    return
    .pool

    function field_nine
    in8 Q, r1
    nine
    out8 D
    return
