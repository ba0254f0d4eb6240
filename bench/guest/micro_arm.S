/* SPDX-License-Identifier: MIT */
/* Functions whose cost is known from the manuals' tables: tests/unit/test_bench_model.py has the sums.
 * Each is called without arguments, on a stack of its own. */
    .syntax unified
    .thumb

    .macro micro name
    .section .text.micro_\name, "ax"
    .global micro_\name
    .type micro_\name, %function
    .p2align 2
    .thumb_func
micro_\name:
    .endm

micro empty
    bx lr

micro alu
    .rept 100
    adds r0, r0, r1
    .endr
    bx lr

micro mul
    .rept 100
    muls r0, r1, r0
    .endr
    bx lr

    /* Nine times round, the tenth falls through. */
micro loop
    movs r0, #10
1:  subs r0, #1
    bne 1b
    bx lr

micro skip
    movs r0, #0
    cmp r0, #1
    beq 1f
    bne 1f
    nop
1:  b 2f
    nop
2:  bx lr

micro call
    mov r1, lr
    bl micro_empty
    bl micro_empty
    bx r1

micro push
    push {r4-r7}
    pop {r4-r7}
    push {r4, lr}
    pop {r4, pc}

micro multiple
    sub sp, #32
    mov r0, sp
    stmia r0!, {r1-r3}
    mov r0, sp
    ldmia r0!, {r1-r3}
    add sp, #32
    bx lr

    /* Independent loads: the base does not change, no result is used. */
micro loads
    .rept 100
    ldr r0, [sp, #0]
    .endr
    bx lr

    /* More than a block of QEMU's holds, over a page's end. */
micro many_loads
    .rept 1000
    ldr r0, [sp, #0]
    .endr
    bx lr

    /* Each load's address is the load before it. */
micro chain
    sub sp, #8
    mov r0, sp
    str r0, [sp, #0]
    nop
    .rept 100
    ldr r0, [r0]
    .endr
    add sp, #8
    bx lr

micro stores
    sub sp, #8
    .rept 100
    str r0, [sp, #0]
    .endr
    add sp, #8
    bx lr

    /* The address is made by the instruction before. */
micro address
    mov r0, sp
    nop
    .rept 50
    adds r0, #0
    ldr r1, [r0]
    .endr
    bx lr

micro literal
    ldr r0, =0x12345678
    ldr r1, =0x87654321
    nop
    ldr r0, =0x12345678
    bx lr
    .pool

micro system
    mrs r0, apsr
    dsb
    isb
    bx lr

#if __ARM_ARCH >= 7
micro longs
    .rept 100
    umull r0, r1, r2, r3
    .endr
    .rept 100
    umlal r0, r1, r2, r3
    .endr
    .rept 100
    mla r0, r1, r2, r3
    .endr
    bx lr

    /* A word at an odd byte, at an odd half, a half at an odd byte: + 2, + 1, + 1. */
micro unaligned
    sub sp, #16
    mov r0, sp
    nop
    str r1, [r0, #1]
    str r1, [r0, #2]
    strh r1, [r0, #1]
    add sp, #16
    bx lr

micro pairs
    sub sp, #8
    strd r0, r1, [sp]
    ldrd r0, r1, [sp]
    add sp, #8
    bx lr

micro index
    sub sp, #8
    mov r0, sp
    movs r1, #0
    nop
    str r2, [r0, r1]
    str r2, [r0, r1]
    ldr r3, [r0, r1]
    str r2, [r0, r1]
    add sp, #8
    bx lr

micro it
    cmp r0, r0
    ite eq
    moveq r1, #1
    movne r1, #2
    bx lr

micro zero
    movs r0, #1
    cbz r0, 1f
    cbnz r0, 1f
    nop
1:  bx lr
#endif

#ifdef __ARM_FEATURE_DSP
micro umaal
    .rept 100
    umaal r0, r1, r2, r3
    .endr
    bx lr
#endif
