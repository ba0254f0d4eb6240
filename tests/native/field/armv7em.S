/* SPDX-License-Identifier: MIT */
/* field.h on the core for UMAAL: its routines and macros, on its frame. */
#include FIELD_CORE

    .macro function name
    .global \name
    .type \name, %function
\name:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    str r0, [sp, #OUT]
    .endm

    .macro return to=OUT
    ldr r12, [sp, #\to]
    stm r12, {r0-r7}
    add sp, sp, #FRAME
    pop {r4-r11, pc}
    .endm

    /* Eight words, where fe_sqr returns them. */
    .macro load_square from
    mov r10, \from
    ldr r3, [r10]
    ldr r4, [r10, #4]
    ldr r5, [r10, #8]
    ldr r8, [r10, #12]
    ldr r11, [r10, #16]
    ldr r12, [r10, #20]
    ldr lr, [r10, #24]
    ldr r7, [r10, #28]
    .endm

    function field_mul
    mov r0, r1
    mov r6, r2
    bl fe_mul
    return

    function field_sqr
    ldm r1, {r0-r7}
    bl fe_sqr
    move_square
    return

    function field_add_sub
    str r1, [sp, #SCALAR]
    mov r8, r3
    ldm r2, {r0-r7}
    store8 A
    ldm r8, {r0-r7}
    add_sub A
    load8 A
    ldr r12, [sp, #OUT]
    stm r12, {r0-r7}
    load8 B
    return SCALAR

    function field_a24
    str r1, [sp, #SCALAR]
    mov r9, r3
    ldm r2, {r0-r7}
    store8 A
    load_square r9
    difference_and_a24
    load8 C
    ldr r12, [sp, #OUT]
    stm r12, {r0-r7}
    load8 D
    return SCALAR

    function field_nine
    load_square r1
    nine_squares
    return
