/* SPDX-License-Identifier: MIT */
/* Poly1305 (RFC 8439 section 2.5) for ARMv6-M: Cortex-M0, M0+, M1; runs on all later ones. The only
   multiplication is MULS, 32x32->32 bits, of a fixed time on all of them.

   h is four words and h4 <= 4. As 2^130 = 5 modulo p and clamping leaves r1, r2, r3 divisible by 4,
   with s = 5/4 r

       h r = h0 (r0 r1 r2 r3) + h1 (s3 r0 r1 r2) + h2 (s2 s3 r0 r1) + h3 (s1 s2 s3 r0)
             + h4 (- s1 s2 s3) + h4 r0 2^128

   where a list names what belongs to words 0, 1, 2, 3. h's words are cut in halves of 16 bits, the
   factors f into low ones of 14 bits and high ones of 14.4 bits. Each of the four combinations of
   halves is a plane: a number of four words, each the sum of four short products. The planes are
   added with shifts of 0 (low, low), 14 (low h, high f), 16 (high h, low f) and 30.

   Bounds, with r < 2^28 and s < 5/4 2^28. Three rows of a plane of low f are below
   3 2^14 2^16 = 3/4 2^32, of high f below (1 + 5/4 + 5/4) 2^14 2^16 = 7/8 2^32, so their sums need
   no carries. The fourth is added with carries: what leaves a word belongs to the next one. (All
   four of low f are still below 2^32.) The first plane's sum begins with h4 s. h4 is at most 3, or 4
   and then h1 = h2 = h3 = 0; so there is h4 s < 15/16 2^30 beside three rows, or 5/4 2^30 beside
   one. The word above 2^128 ends below (1 + 3 5/4 + 4 + 1) 2^28 < 2^32. */

    .syntax unified
    .thumb

    /* s1, s2, s3, r0, r1, r2, r3: row i begins at word 3 - i. */
    .equ LOW, 0
    .equ HIGH, 28
    .equ WHOLE, 56              /* s1, s2, s3, r0 uncut */
    .equ SUM, 72
    .equ SUM4, 88
    .equ H4, 92
    .equ SECRET_WORDS, 24       /* and STAGE, which the last product zeroes */
    .equ MESSAGE, 96            /* what is added next, and the end of the run that it is in */
    .equ END, 100
    .equ HIBIT, 104
    .equ SRC, 108               /* what is to be copied to STAGE as it is not aligned */
    .equ LEFT, 112              /* how many blocks of it; -1 when h needs no more product */
    .equ STAGE, 116
    .equ ST, 132
    .equ FRAME, 136             /* with r4-r11 and lr: 172 bytes */

    /* h, between products in r0-r3 */
    h0 .req r6
    h1 .req r7
    h2 .req r12
    h3 .req lr

    /* Four products of a half of h at row i: r0-r3. */
    .macro products factors, i, h, high
    add r0, sp, #\factors + 4 * (3 - \i)
    ldmia r0, {r0-r3}
    .if \high && \i < 2
    lsrs r4, \h, #16
    .elseif \high
    mov r4, \h
    lsrs r4, r4, #16
    .elseif \i < 2
    uxth r4, \h
    .else
    mov r4, \h
    uxth r4, r4
    .endif
    muls r0, r4
    muls r1, r4
    muls r2, r4
    muls r3, r4
    .endm

    .macro add_products
    add r8, r0
    add r9, r1
    add r10, r2
    add r11, r3
    .endm

    /* r0-r3 and the carry flag = a plane. In the first one r9-r11 hold something already. */
    .macro plane factors, high, first=0
    products \factors, 0, h0, \high
    mov r8, r0
    .if \first
    add r9, r1
    add r10, r2
    add r11, r3
    .else
    mov r9, r1
    mov r10, r2
    mov r11, r3
    .endif
    products \factors, 1, h1, \high
    add_products
    products \factors, 2, h2, \high
    add_products
    products \factors, 3, h3, \high
    mov r5, r8
    adds r0, r0, r5
    mov r5, r9
    adcs r1, r5
    mov r5, r10
    adcs r2, r5
    mov r5, r11
    adcs r3, r5
    .endm

    /* r0-r4 = SUM + r0-r3 and the carry flag, shifted left. */
    .macro add_shifted shift, carries
    .if \carries
    movs r4, #0
    adcs r4, r4
    lsls r4, r4, #\shift
    lsrs r5, r3, #32 - \shift
    orrs r4, r5
    .else
    lsrs r4, r3, #32 - \shift
    .endif
    lsls r3, r3, #\shift
    lsrs r5, r2, #32 - \shift
    orrs r3, r5
    lsls r2, r2, #\shift
    lsrs r5, r1, #32 - \shift
    orrs r2, r5
    lsls r1, r1, #\shift
    lsrs r5, r0, #32 - \shift
    orrs r1, r5
    lsls r0, r0, #\shift
    ldr r5, [sp, #SUM]
    adds r0, r0, r5
    ldr r5, [sp, #SUM + 4]
    adcs r1, r5
    ldr r5, [sp, #SUM + 8]
    adcs r2, r5
    ldr r5, [sp, #SUM + 12]
    adcs r3, r5
    ldr r5, [sp, #SUM4]
    adcs r4, r5
    .endm

    .macro store_sum
    add r5, sp, #SUM
    stmia r5!, {r0-r4}
    .endm

    /* What is cut from a word. */
    .macro low_half d, word
    lsls \d, \word, #18
    lsrs \d, \d, #18
    .endm

    .text
    .balign 4

/* void wg_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                         uint32_t hibit) */
    .global wg_poly1305_core
    .type wg_poly1305_core, %function
wg_poly1305_core:
    cmp r2, #0
    bne 1f
    bx lr
1:  push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, sp, #FRAME
    str r0, [sp, #ST]
    str r3, [sp, #HIBIT]
    mov r8, r1
    mov r9, r2
    mov r10, r0
    adds r0, #20
    ldmia r0!, {r4-r7}
    lsrs r1, r5, #2
    adds r1, r1, r5
    lsrs r2, r6, #2
    adds r2, r2, r6
    lsrs r3, r7, #2
    adds r3, r3, r7
    add r0, sp, #WHOLE
    stmia r0!, {r1-r4}
    mov r11, r5
    mov r12, r6
    mov lr, r7
    low_half r5, r1
    low_half r6, r2
    low_half r7, r3
    add r0, sp, #LOW
    stmia r0!, {r5-r7}
    lsrs r5, r1, #14
    lsrs r6, r2, #14
    lsrs r7, r3, #14
    add r0, sp, #HIGH
    stmia r0!, {r5-r7}
    mov r5, r11
    mov r6, r12
    mov r7, lr
    low_half r0, r4
    low_half r1, r5
    low_half r2, r6
    low_half r3, r7
    lsrs r4, r4, #14
    lsrs r5, r5, #14
    lsrs r6, r6, #14
    lsrs r7, r7, #14
    mov r11, r4
    add r4, sp, #LOW + 12
    stmia r4!, {r0-r3}
    mov r3, r11
    add r4, sp, #HIGH + 12
    stmia r4!, {r3}
    stmia r4!, {r5-r7}
    mov r0, r8
    mov r5, r9
    lsls r6, r0, #30
    bne 2f
    str r0, [sp, #MESSAGE]
    lsls r5, r5, #4
    adds r0, r0, r5
    str r0, [sp, #END]
    str r6, [sp, #LEFT]
    b 3f
2:  str r0, [sp, #SRC]
    subs r5, #1
    str r5, [sp, #LEFT]
    bl .Lcopy
3:  mov r4, r10
    ldmia r4!, {r0-r3}
    ldr r4, [r4]
    b .Ladd

.Lmultiply:
    mov h3, r3
    mov h2, r2
    mov h1, r1
    mov h0, r0
    add r0, sp, #WHOLE
    ldmia r0, {r0-r3}
    ldr r4, [sp, #H4]
    muls r0, r4
    muls r1, r4
    muls r2, r4
    muls r3, r4
    mov r9, r0
    mov r10, r1
    mov r11, r2
    str r3, [sp, #SUM4]
    plane LOW, 0, 1
    ldr r4, [sp, #SUM4]
    movs r5, #0
    adcs r4, r5
    store_sum
    plane LOW, 1
    add_shifted 16, 0
    store_sum
    plane HIGH, 0
    add_shifted 14, 1
    store_sum
    plane HIGH, 1
    add_shifted 30, 1

.Ladd:
    ldr r7, [sp, #MESSAGE]
    ldmia r7!, {r5, r6}
    adds r0, r0, r5
    adcs r1, r6
    ldmia r7!, {r5, r6}
    adcs r2, r5
    adcs r3, r6
    ldr r5, [sp, #HIBIT]
    adcs r4, r5
    str r7, [sp, #MESSAGE]
    /* r4 2^128 = 5 (r4 / 4) + (r4 mod 4) 2^128 */
    lsrs r5, r4, #2
    lsls r6, r5, #2
    subs r4, r4, r6
    adds r5, r5, r6
    adds r0, r0, r5
    movs r5, #0
    adcs r1, r5
    adcs r2, r5
    adcs r3, r5
    adcs r4, r5
    str r4, [sp, #H4]
    ldr r5, [sp, #END]
    cmp r7, r5
    beq 4f
    b .Lmultiply

    /* The run's last block is in h. */
4:  ldr r4, [sp, #LEFT]
    subs r4, #1
    str r4, [sp, #LEFT]
    bmi 5f
    bl .Lcopy
    b .Lmultiply
    /* The last product, of all: to it nothing is added. */
5:  adds r4, #1
    bmi .Ldone
    add r5, sp, #STAGE
    str r5, [sp, #MESSAGE]
    str r4, [sp, #HIBIT]
    str r4, [r5]
    str r4, [r5, #4]
    str r4, [r5, #8]
    str r4, [r5, #12]
    adds r5, #16
    str r5, [sp, #END]
    b .Lmultiply

.Ldone:
    ldr r4, [sp, #ST]
    stmia r4!, {r0-r3}
    ldr r0, [sp, #H4]
    str r0, [r4]
    movs r0, #0
    movs r1, #0
    movs r2, #0
    movs r3, #0
    mov r12, r0
    mov lr, r0
    mov r4, sp
    .rept SECRET_WORDS / 4
    stmia r4!, {r0-r3}
    .endr
    add sp, sp, #FRAME
    pop {r0-r3}
    mov r8, r0
    mov r9, r1
    mov r10, r2
    mov r11, r3
    pop {r4-r7, pc}

/* The next block to STAGE, by halfwords or bytes; r0-r3 stay. */
.Lcopy:
    ldr r4, [sp, #SRC]
    add r5, sp, #STAGE
    str r5, [sp, #MESSAGE]
    lsls r6, r4, #31
    bne 2f
    movs r6, #14
1:  ldrh r7, [r4, r6]
    strh r7, [r5, r6]
    subs r6, #2
    bpl 1b
    b 4f
2:  movs r6, #15
3:  ldrb r7, [r4, r6]
    strb r7, [r5, r6]
    subs r6, #1
    bpl 3b
4:  adds r4, #16
    str r4, [sp, #SRC]
    adds r5, #16
    str r5, [sp, #END]
    bx lr
    .size wg_poly1305_core, . - wg_poly1305_core
