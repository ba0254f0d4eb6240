/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 section 2.3) for ARMv7-M and above: Cortex-M3, M4, M7, M33. It multiplies
   nothing and branches on lengths only.

   Rotations are free: a word that is to be rotated is left as it is and rotated where it is used
   next, as the second operand of ADD or EOR. So a quarter round is 8 instructions; after it b is
   still to be rotated right by 25 and d by 24. Words a and c are never pending.

   Fourteen registers hold the sixteen words but two: x8 and x11 share r12, x13 and x15 share lr.
   A round does the quarter rounds that need the words at hand, swaps both pairs in the frame, and
   does the others. Two quarter rounds are interleaved for cores that issue two instructions.

   Of the first round only the first column depends on the block counter: the other three columns
   are computed once for a call and kept in the frame.

   The rounds' loop has no register for a counter and sets no flags: it counts in C and Z. */

    .syntax unified
    .thumb

    /* x0-x7 are r0-r7 */
    x9 .req r8
    x10 .req r9
    x12 .req r10
    x14 .req r11
    x8 .req r12
    x11 .req r12
    x13 .req lr
    x15 .req lr

    /* The frame: the first round's columns 1 to 3, words that are out, the arguments. */
    .equ FIRST1, 0
    .equ FIRST2, 4
    .equ FIRST3, 8
    .equ FIRST5, 12
    .equ FIRST6, 16
    .equ FIRST7, 20
    .equ FIRST9, 24
    .equ FIRST10, 28
    .equ FIRST11, 32
    .equ FIRST13, 36
    .equ FIRST14, 40
    .equ FIRST15, 44
    .equ OUT8, 48
    .equ OUT11, 52
    .equ OUT13, 56
    .equ OUT15, 60
    .equ OUT9, 64               /* these only at the end of a block */
    .equ OUT10, 68
    .equ OUT12, 72
    .equ OUT14, 76
    .equ SECRET_WORDS, 20
    .equ FRAME, 80              /* above it the arguments and r4-r11, lr: 132 bytes */
    .equ STATE, 80
    .equ DST, 84
    .equ SRC, 88
    .equ NBLOCKS, 92

    .macro add_ror d, n, m, by
    .if \by
    add \d, \n, \m, ror #\by
    .else
    add \d, \n, \m
    .endif
    .endm

    .macro eor_ror d, n, m, by
    .if \by
    eor \d, \n, \m, ror #\by
    .else
    eor \d, \n, \m
    .endif
    .endm

    /* rb, rd: how far b and d are still to be rotated right. */
    .macro quarter a, b, c, d, rb, rd
    add_ror \a, \a, \b, \rb
    eor_ror \d, \a, \d, \rd
    add \c, \c, \d, ror #16
    eor_ror \b, \c, \b, \rb
    add \a, \a, \b, ror #20
    eor \d, \a, \d, ror #16
    add \c, \c, \d, ror #24
    eor \b, \c, \b, ror #20
    .endm

    .macro quarters a, b, c, d, e, f, g, h
    add \a, \a, \b, ror #25
    add \e, \e, \f, ror #25
    eor \d, \a, \d, ror #24
    eor \h, \e, \h, ror #24
    add \c, \c, \d, ror #16
    add \g, \g, \h, ror #16
    eor \b, \c, \b, ror #25
    eor \f, \g, \f, ror #25
    add \a, \a, \b, ror #20
    add \e, \e, \f, ror #20
    eor \d, \a, \d, ror #16
    eor \h, \e, \h, ror #16
    add \c, \c, \d, ror #24
    add \g, \g, \h, ror #24
    eor \b, \c, \b, ror #20
    eor \f, \g, \f, ror #20
    .endm

    /* x8 and x13 are at hand before, x11 and x15 after. */
    .macro columns
    quarters r0, r4, x8, x12, r1, r5, x9, x13
    str x8, [sp, #OUT8]
    str x13, [sp, #OUT13]
    ldr x11, [sp, #OUT11]
    ldr x15, [sp, #OUT15]
    quarters r2, r6, x10, x14, r3, r7, x11, x15
    .endm

    /* The reverse. */
    .macro diagonals out13=OUT13
    quarters r0, r5, x10, x15, r1, r6, x11, x12
    str x11, [sp, #OUT11]
    str x15, [sp, #OUT15]
    ldr x8, [sp, #OUT8]
    ldr x13, [sp, #\out13]
    quarters r2, r7, x8, x13, r3, r4, x9, x14
    .endm

    .macro double_round
    columns
    diagonals
    .endm

    .text
    .balign 4

/* void wg_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks) */
    .global wg_chacha20_core
    .type wg_chacha20_core, %function
wg_chacha20_core:
    cbnz r3, 1f
    bx lr
1:  push {r0-r11, lr}
    sub sp, sp, #FRAME
    /* x15 is in r12 here, x11 in r4 */
    ldr r1, [r0, #4]
    ldr r5, [r0, #20]
    ldr x9, [r0, #36]
    ldr x13, [r0, #52]
    ldr r2, [r0, #8]
    ldr r6, [r0, #24]
    ldr x10, [r0, #40]
    ldr x14, [r0, #56]
    ldr r3, [r0, #12]
    ldr r7, [r0, #28]
    ldr r4, [r0, #44]
    ldr r12, [r0, #60]
    quarter r1, r5, x9, x13, 0, 0
    quarter r2, r6, x10, x14, 0, 0
    quarter r3, r7, r4, r12, 0, 0
    str r1, [sp, #FIRST1]
    str r2, [sp, #FIRST2]
    str r3, [sp, #FIRST3]
    str r5, [sp, #FIRST5]
    str r6, [sp, #FIRST6]
    str r7, [sp, #FIRST7]
    str x9, [sp, #FIRST9]
    str x10, [sp, #FIRST10]
    str r4, [sp, #FIRST11]
    str x13, [sp, #FIRST13]
    str x14, [sp, #FIRST14]
    str r12, [sp, #FIRST15]
    b .Lfirst_block

.Lnext_block:
    ldr r1, [sp, #FIRST1]
    ldr r2, [sp, #FIRST2]
    ldr r3, [sp, #FIRST3]
    ldr r5, [sp, #FIRST5]
    ldr r6, [sp, #FIRST6]
    ldr r7, [sp, #FIRST7]
    ldr x9, [sp, #FIRST9]
    ldr x10, [sp, #FIRST10]
    ldr x14, [sp, #FIRST14]
.Lfirst_block:
    ldr r4, [sp, #STATE]
    ldr r0, [r4]
    ldr x8, [r4, #32]
    ldr x12, [r4, #48]
    ldr r4, [r4, #16]
    quarter r0, r4, x8, x12, 0, 0
    str x8, [sp, #OUT8]
    ldr x11, [sp, #FIRST11]
    ldr x15, [sp, #FIRST15]
    diagonals FIRST13
    /* Nine double rounds in three passes: the first with C = 0, then C = 1 and Z = 0, then Z = 1.
       What is compared is public, sp and a register with itself. */
    cmp sp, #0xffffffff
.Lrounds:
    double_round
    double_round
    double_round
    beq .Lfinish
    bcs 2f
    cmp sp, #0
    b .Lrounds
2:  cmp r0, r0
    b .Lrounds

.Lfinish:
    /* r8 = state, r9 = src, r10 = dst; x0 stays to the end, where the pointers move on. Words b
       are to be rotated by 25 yet, words d by 24. */
    str x9, [sp, #OUT9]
    str x10, [sp, #OUT10]
    str x12, [sp, #OUT12]
    str x14, [sp, #OUT14]
    str x13, [sp, #OUT13]
    ldr r8, [sp, #STATE]
    ldr r9, [sp, #SRC]
    ldr r10, [sp, #DST]
    ldr r11, [r8, #4]
    ldr lr, [r8, #8]
    add r1, r1, r11
    add r2, r2, lr
    ldr r11, [r9, #4]
    ldr lr, [r9, #8]
    eor r1, r1, r11
    eor r2, r2, lr
    str r1, [r10, #4]
    str r2, [r10, #8]

    ldr r1, [r8, #12]
    ldr r2, [r8, #16]
    ldr r11, [r9, #12]
    ldr lr, [r9, #16]
    add r3, r3, r1
    add r4, r2, r4, ror #25
    eor r3, r3, r11
    eor r4, r4, lr
    str r3, [r10, #12]
    str r4, [r10, #16]

    ldr r1, [r8, #20]
    ldr r2, [r8, #24]
    ldr r3, [r8, #28]
    ldr r4, [r9, #20]
    ldr r11, [r9, #24]
    ldr lr, [r9, #28]
    add r5, r1, r5, ror #25
    add r6, r2, r6, ror #25
    add r7, r3, r7, ror #25
    eor r5, r5, r4
    eor r6, r6, r11
    eor r7, r7, lr
    str r5, [r10, #20]
    str r6, [r10, #24]
    str r7, [r10, #28]

    ldr r1, [sp, #OUT9]
    ldr r2, [sp, #OUT10]
    ldr r3, [r8, #32]
    ldr r4, [r8, #36]
    ldr r5, [r8, #40]
    ldr r6, [r9, #32]
    ldr r7, [r9, #36]
    ldr r11, [r9, #40]
    add r3, r3, x8
    add r4, r4, r1
    add r5, r5, r2
    eor r3, r3, r6
    eor r4, r4, r7
    eor r5, r5, r11
    str r3, [r10, #32]
    str r4, [r10, #36]
    str r5, [r10, #40]

    ldr r1, [sp, #OUT11]
    ldr r2, [sp, #OUT12]
    ldr r3, [sp, #OUT13]
    ldr r4, [r8, #44]
    ldr r5, [r8, #48]
    ldr r6, [r8, #52]
    ldr r7, [r9, #44]
    ldr r11, [r9, #48]
    ldr r12, [r9, #52]
    add r4, r4, r1
    add r1, r5, #1
    add r2, r5, r2, ror #24
    add r3, r6, r3, ror #24
    eor r4, r4, r7
    eor r2, r2, r11
    eor r3, r3, r12
    str r1, [r8, #48]
    str r4, [r10, #44]
    str r2, [r10, #48]
    str r3, [r10, #52]

    ldr r1, [sp, #NBLOCKS]
    ldr r2, [sp, #OUT14]
    ldr r3, [sp, #OUT15]
    ldr r4, [r8]
    ldr r5, [r8, #56]
    ldr r6, [r8, #60]
    ldr r7, [r9, #56]
    ldr r11, [r9, #60]
    ldr r12, [r9], #64
    add r0, r0, r4
    add r5, r5, r2, ror #24
    add r6, r6, r3, ror #24
    eor r5, r5, r7
    eor r6, r6, r11
    eor r0, r0, r12
    str r5, [r10, #56]
    str r6, [r10, #60]
    str r0, [r10], #64
    subs r1, r1, #1
    str r10, [sp, #DST]
    str r9, [sp, #SRC]
    str r1, [sp, #NBLOCKS]
    bne .Lnext_block

    /* r1 = 0. No word of key or key stream stays. */
    .set word, 0
    .rept SECRET_WORDS
    str r1, [sp, #word]
    .set word, word + 4
    .endr
    mov r0, r1
    mov r2, r1
    mov r3, r1
    mov r12, r1
    mov lr, r1
    add sp, sp, #FRAME + 16
    pop {r4-r11, pc}
    .size wg_chacha20_core, . - wg_chacha20_core
