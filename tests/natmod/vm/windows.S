/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp with register windows (Xtensa ISA manual, "Windowed Register Option"). Called by
 * CALL8, as gcc does. While a window lies on the stack, a0-a3 of the caller of a function are below
 * that function's sp, and a4-a7 at the end of the frame before the caller's.
 *
 *   buffer: 0 return address, 4 sp of setjmp, 8 the caller's a0-a3, 24 its a4-a7
 */
    .text

    .global setjmp
    .type setjmp, @function
    .p2align 2
setjmp:
    entry a1, 32
    call8 machine_spill
    s32i a0, a2, 0
    s32i a1, a2, 4
    addi a3, a1, -16
    l32i a4, a3, 0
    l32i a5, a3, 4
    l32i a6, a3, 8
    l32i a7, a3, 12
    s32i a4, a2, 8
    s32i a5, a2, 12
    s32i a6, a2, 16
    s32i a7, a2, 20
    addi a3, a5, -16
    l32i a3, a3, 4
    addi a3, a3, -32
    l32i a4, a3, 0
    l32i a5, a3, 4
    l32i a6, a3, 8
    l32i a7, a3, 12
    s32i a4, a2, 24
    s32i a5, a2, 28
    s32i a6, a2, 32
    s32i a7, a2, 36
    movi a2, 0
    retw

    .global longjmp
    .type longjmp, @function
    .p2align 2
longjmp:
    entry a1, 32
    call8 machine_spill
    l32i a4, a2, 4
    addi a5, a4, -16
    l32i a6, a2, 8
    s32i a6, a5, 0
    l32i a7, a2, 12                     /* the caller's sp */
    s32i a7, a5, 4
    l32i a6, a2, 16
    s32i a6, a5, 8
    l32i a6, a2, 20
    s32i a6, a5, 12
    addi a7, a7, -16
    l32i a7, a7, 4
    addi a7, a7, -32
    l32i a6, a2, 24
    s32i a6, a7, 0
    l32i a6, a2, 28
    s32i a6, a7, 4
    l32i a6, a2, 32
    s32i a6, a7, 8
    l32i a6, a2, 36
    s32i a6, a7, 12
    l32i a0, a2, 0
    mov a1, a4
    mov a2, a3
    bnez a2, 1f
    movi a2, 1
1:  retw
