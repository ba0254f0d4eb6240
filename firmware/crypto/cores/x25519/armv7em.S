/* SPDX-License-Identifier: MIT */
/* X25519 for Cortex-M4, M7 and M33 (ARMv7E-M or ARMv8-M with the DSP extension).

   Field elements are eight full 32-bit words, any 256-bit representative modulo p = 2^255 - 19.
   What products and squares are reduced to is "tight": below 2^255 + 2^230, so that word 7 is at
   most 2^31 + 38. Only tight values are added and subtracted, only products take the sums.

   UMAAL computes a 64-bit lo + hi + n * m and never overflows: (2^32-1)^2 + 2(2^32-1) = 2^64 - 1.
   Products are scanned by columns: one takes two words of its column and leaves one word there and
   one in the next column, so no carry flag is needed and no word can get lost.

   Ladder (RFC 7748 section 5), with two savings that need no secret branch or address:
   - Nothing is swapped. The step's differential addition is symmetric in the two points, up to the
     sign of a number that is squared; so only what is doubled is selected, by SEL and the GE flags.
   - Bit 254 of a clamped scalar is 1 and bits 2, 1, 0 are 0: those four steps only double.

   Time and addresses do not depend on the scalar or the point; that the point is NULL is public. */

    .syntax unified
    .thumb

/* The frame. A and B are x2 + z2 and x2 - z2 of the doubled point, C and D those of the other; x1
   is the point's u. A pair of a sum and its difference is always in adjacent slots. */
    .equ LOW, 0                 /* low words of a product */
    .equ SPILL, 32
    .equ LEFT, 36               /* pointer to a product's left factor */
    .equ LINK, 40
    .equ OUT, 44
    .equ SCALAR, 48
    .equ INDEX, 52              /* number of the scalar's bit */
    .equ PREVIOUS, 56           /* the bit before, 0 or 1 */
    .equ BASE, 60               /* the point is the base point: nonzero */
    .equ X1, 64
    .equ A, 96
    .equ B, 128
    .equ C, 160
    .equ D, 192
    .equ P, 224
    .equ Q, 256
    .equ FRAME, 292             /* with r4-r11 and lr: 328 bytes, a multiple of 8 */

    /* Eight words to and from a slot. Single loads cost no more than LDM and need no address. */
    .macro store8 slot, w0=r0, w1=r1, w2=r2, w3=r3, w4=r4, w5=r5, w6=r6, w7=r7
    str \w0, [sp, #\slot]
    str \w1, [sp, #\slot + 4]
    str \w2, [sp, #\slot + 8]
    str \w3, [sp, #\slot + 12]
    str \w4, [sp, #\slot + 16]
    str \w5, [sp, #\slot + 20]
    str \w6, [sp, #\slot + 24]
    str \w7, [sp, #\slot + 28]
    .endm

    /* The result of fe_sqr to a slot, or to r0-r7. */
    .macro store_square slot
    store8 \slot, r3, r4, r5, r8, r11, r12, lr, r7
    .endm

    .macro move_square
    mov r0, r3
    mov r1, r4
    mov r2, r5
    mov r3, r8
    mov r4, r11
    mov r5, r12
    mov r6, lr
    .endm

    .macro load8 slot
    ldr r0, [sp, #\slot]
    ldr r1, [sp, #\slot + 4]
    ldr r2, [sp, #\slot + 8]
    ldr r3, [sp, #\slot + 12]
    ldr r4, [sp, #\slot + 16]
    ldr r5, [sp, #\slot + 20]
    ldr r6, [sp, #\slot + 24]
    ldr r7, [sp, #\slot + 28]
    .endm

    /* r0-r7 = a small number. Destroys the flags: so the instructions are short. */
    .macro small number
    movs r0, #\number
    .irp n, 1, 2, 3, 4, 5, 6, 7
    movs r\n, #0
    .endr
    .endm

    /* r0-r7 = slot a * slot b, tight. */
    .macro multiply a, b
    add r6, sp, #\b
    add r0, sp, #\a
    bl fe_mul
    .endm

/* A row of a product: four words of the left factor r0, r1, r2, r8 times m. w0..w3 is the window
   of accumulated words, c the word that is added to the first column, and what leaves the last. */
    .macro row w0, w1, w2, w3, c, m
    umaal \w0, \c, r0, \m
    umaal \w1, \c, r1, \m
    umaal \w2, \c, r2, \m
    umaal \w3, \c, r8, \m
    .endm

    .text
    .balign 4

/* fe_mul: r0-r7 = [r0] * [r6], tight. Clobbers r8-r12, lr.
   b's words pass through r9, r10, r5, r11 and, at last, singly. Two passes: a's low half times b,
   whose words 4 to 11 stay in registers, then a's high half times b. */
    .type fe_mul, %function
fe_mul:
    str lr, [sp, #LINK]
    str r0, [sp, #LEFT]
    ldm r0, {r0, r1, r2, r8}            /* a0-a3 */
    ldr r9, [r6]                        /* b0-b3 */
    ldr r10, [r6, #4]
    ldr r3, [r6, #8]
    ldr r11, [r6, #12]
    /* a0-a3 times b0-b3 by columns; beside the column's word, the words of the next */
    umull r12, lr, r0, r9               /* 0 */
    str r12, [sp, #LOW]
    umull r12, r5, r1, r9               /* 1: lr, r5 */
    umaal r12, lr, r0, r10
    str r12, [sp, #LOW + 4]
    umull r12, r4, r2, r9               /* 2: lr, r5, r4 */
    umaal r12, r5, r1, r10
    umaal r12, lr, r0, r3
    str r12, [sp, #LOW + 8]
    umull r12, r7, r8, r9               /* 3: lr, r5, r4, r7 */
    umaal r12, r4, r2, r10
    umaal r12, r5, r1, r3
    umaal r12, lr, r0, r11
    str r12, [sp, #LOW + 12]
    umaal r4, r7, r8, r10               /* 4: r4, then r5, lr, r7 */
    umaal r4, r5, r2, r3
    umaal r4, lr, r1, r11
    umaal r5, r7, r8, r3                /* 5: r5, then lr, r7 */
    umaal r5, lr, r2, r11
    umaal lr, r7, r8, r11               /* 6: lr, 7: r7 */
    /* a0-a3 times b4-b7 by rows */
    ldr r9, [r6, #16]
    ldr r10, [r6, #20]
    ldr r3, [r6, #24]
    ldr r11, [r6, #28]
    mov r12, #0
    row r4, r5, lr, r7, r12, r9
    mov r9, #0
    row r5, lr, r7, r12, r9, r10
    mov r10, #0
    row lr, r7, r12, r9, r10, r3
    mov r3, #0
    row r7, r12, r9, r10, r3, r11
    /* words 4 to 11: r4, r5, lr, r7, r12, r9, r10, r3. a4-a7 times b by rows */
    str r3, [sp, #SPILL]
    ldr r8, [sp, #LEFT]
    ldr r0, [r8, #16]
    ldr r1, [r8, #20]
    ldr r2, [r8, #24]
    ldr r8, [r8, #28]
    ldr r11, [r6]
    mov r3, #0
    row r4, r5, lr, r7, r3, r11
    str r4, [sp, #LOW + 16]
    ldr r11, [r6, #4]
    mov r4, #0
    row r5, lr, r7, r3, r4, r11
    str r5, [sp, #LOW + 20]
    ldr r11, [r6, #8]
    mov r5, #0
    row lr, r7, r3, r4, r5, r11
    str lr, [sp, #LOW + 24]
    ldr r11, [r6, #12]
    mov lr, #0
    row r7, r3, r4, r5, lr, r11
    str r7, [sp, #LOW + 28]
    ldr r11, [r6, #16]
    ldr r7, [r6, #20]
    row r3, r4, r5, lr, r12, r11
    row r4, r5, lr, r12, r9, r7
    ldr r11, [r6, #24]
    ldr r7, [r6, #28]
    ldr r6, [sp, #SPILL]
    row r5, lr, r12, r9, r10, r11
    row lr, r12, r9, r10, r6, r7
    /* Words 8 to 15: r3, r4, r5, lr, r12, r9, r10, r6. The result is the low half + 38 times the
       high one. Word 7 + 38 word 15 is below 39 2^32, so what is above bit 255 is below 78; times
       19 it is the first carry of the chain. The next ones are at most 39, as 39 (2^32 - 1) + 39 =
       39 2^32, and so is what word 7's 31 bits get. */
    ldr r7, [sp, #LOW + 28]
    ldr r0, [sp, #LOW]
    ldr r1, [sp, #LOW + 4]
    ldr r2, [sp, #LOW + 8]
    mov r11, #38
    mov r8, #0
    umaal r7, r8, r6, r11
    lsls r7, r7, #1
    adc r8, r8, r8
    add r6, r8, r8, lsl #1
    add r8, r6, r8, lsl #4              /* times 19 */
    umaal r0, r8, r3, r11
    umaal r1, r8, r4, r11
    umaal r2, r8, r5, r11
    ldr r3, [sp, #LOW + 12]
    ldr r4, [sp, #LOW + 16]
    ldr r5, [sp, #LOW + 20]
    ldr r6, [sp, #LOW + 24]
    umaal r3, r8, lr, r11
    umaal r4, r8, r12, r11
    umaal r5, r8, r9, r11
    umaal r6, r8, r10, r11
    add r7, r8, r7, lsr #1
    ldr pc, [sp, #LINK]
    .size fe_mul, . - fe_mul

/* One column's end in a squaring: t, the sum of its products, is doubled by the carry flag's chain,
   then added to the carry word r8 and, in even columns, the square of x; in odd ones to r9 = 0. */
    .macro double t, x=r9
    adcs \t, \t, \t
    umaal \t, r8, \x, \x
    .endm

/* fe_sqr: r3, r4, r5, r8, r11, r12, lr, r7 = the square of r0-r7, tight. Clobbers the rest.
   Where a column has as many products as the one before, a zero replaces a second word. */
    .type fe_sqr, %function
fe_sqr:
    str lr, [sp, #LINK]
    umull r10, r8, r0, r0               /* 0 */
    str r10, [sp, #LOW]
    mov r9, #0
    umull r10, r11, r0, r1              /* 1: r11 */
    adds r10, r10, r10
    umaal r10, r8, r9, r9
    str r10, [sp, #LOW + 4]
    mov r10, #0
    umaal r11, r10, r0, r2              /* 2: r10 */
    double r11, r1
    str r11, [sp, #LOW + 8]
    umull r11, r12, r0, r3              /* 3: r10, r12 */
    umaal r11, r10, r1, r2
    double r11
    str r11, [sp, #LOW + 12]
    mov r11, #0
    umaal r12, r10, r0, r4              /* 4: r10, r11 */
    umaal r12, r11, r1, r3
    double r12, r2
    str r12, [sp, #LOW + 16]
    umull r12, lr, r0, r5               /* 5: r10, r11, lr */
    umaal r12, r10, r1, r4
    umaal r12, r11, r2, r3
    double r12
    str r12, [sp, #LOW + 20]
    mov r12, #0
    umaal lr, r10, r0, r6               /* 6: r10, r11, r12 */
    umaal lr, r11, r1, r5
    umaal lr, r12, r2, r4
    double lr, r3
    str lr, [sp, #LOW + 24]
    umaal r10, r11, r0, r7              /* 7: r11, r12, r0, lr */
    umull r0, lr, r1, r6
    umaal r10, r12, r2, r5
    umaal r10, r0, r3, r4
    double r10
    str r10, [sp, #LOW + 28]
    umaal r11, r12, r1, r7              /* 8: r11, then r12, r0, lr */
    umaal r11, r0, r2, r6
    umaal r11, lr, r3, r5
    double r11, r4
    mov r10, #0
    umaal r12, r0, r2, r7               /* 9: r12, then r0, lr, r10 */
    umaal r12, lr, r3, r6
    umaal r12, r10, r4, r5
    double r12
    umaal lr, r10, r3, r7               /* 10: lr, then r0, r10 */
    umaal lr, r0, r4, r6
    double lr, r5
    mov r1, #0
    umaal r10, r0, r4, r7               /* 11: r10, then r0, r1 */
    umaal r10, r1, r5, r6
    double r10
    umaal r1, r0, r5, r7                /* 12: r1, then r0 */
    double r1, r6
    mov r2, #0
    umaal r2, r0, r6, r7                /* 13: r2, 14: r0 */
    double r2
    double r0, r7
    adc r8, r8, #0                      /* 15; it cannot overflow: the square is below 2^512 */
    /* words 8 to 15: r11, r12, lr, r10, r1, r2, r0, r8. Reduced as in fe_mul */
    ldr r7, [sp, #LOW + 28]
    ldr r3, [sp, #LOW]
    ldr r4, [sp, #LOW + 4]
    ldr r5, [sp, #LOW + 8]
    mov r6, #38
    umaal r7, r9, r8, r6
    lsls r7, r7, #1
    adc r9, r9, r9
    add r8, r9, r9, lsl #1
    add r9, r8, r9, lsl #4
    umaal r3, r9, r11, r6
    umaal r4, r9, r12, r6
    umaal r5, r9, lr, r6
    ldr r8, [sp, #LOW + 12]
    ldr r11, [sp, #LOW + 16]
    ldr r12, [sp, #LOW + 20]
    ldr lr, [sp, #LOW + 24]
    umaal r8, r9, r10, r6
    umaal r11, r9, r1, r6
    umaal r12, r9, r2, r6
    umaal lr, r9, r0, r6
    add r7, r9, r7, lsr #1
    ldr pc, [sp, #LINK]
    .size fe_sqr, . - fe_sqr

/* One word of add_sub: y = the sum's, d = the difference's; carry in r10, borrow in the C flag. */
    .macro add_sub_word slot, i, x, y, d
    sbcs \d, \x, \y
    umaal \y, r10, \x, r9
    str \y, [sp, #\slot + 4 * \i]
    .endm

/* slot = x + y and slot + 32 = x - y for x in slot and y in r0-r7, both tight.
   Sum: with t = the number of operands that have bit 255, x + y - t 2^255 + 19 t fits 8 words. The
   top words less those bits are at most 2^31 - 1 each, and get a carry of at most 1 when t = 0; of
   at most 2 when t > 0, but then one of them is at most 38.
   Difference: below zero it is 2^256 too large, so it borrows 38 again; that leaves it positive, as
   it is above 2^256 - 2^255 - 2^231 then. */
    .macro add_sub slot
    ldr r11, [sp, #\slot + 28]
    ldr r12, [sp, #\slot]
    lsr r8, r7, #31
    add r8, r8, r11, lsr #31
    add r11, r11, r7
    sub r11, r11, r8, lsl #31
    add r10, r8, r8, lsl #1
    add r10, r10, r8, lsl #4
    mov r9, #1
    subs r8, r12, r0
    umaal r0, r10, r12, r9
    str r0, [sp, #\slot]
    ldr r12, [sp, #\slot + 4]
    ldr lr, [sp, #\slot + 8]
    add_sub_word \slot, 1, r12, r1, r0
    add_sub_word \slot, 2, lr, r2, r1
    ldr r12, [sp, #\slot + 12]
    ldr lr, [sp, #\slot + 16]
    add_sub_word \slot, 3, r12, r3, r2
    add_sub_word \slot, 4, lr, r4, r3
    ldr r12, [sp, #\slot + 20]
    ldr lr, [sp, #\slot + 24]
    add_sub_word \slot, 5, r12, r5, r4
    add_sub_word \slot, 6, lr, r6, r5
    ldr r12, [sp, #\slot + 28]
    add r11, r11, r10
    str r11, [sp, #\slot + 28]
    sbcs r6, r12, r7
    sbc r7, r7, r7
    and r7, r7, #38
    subs r8, r8, r7
    str r8, [sp, #\slot + 32]
    sbcs r0, r0, #0
    str r0, [sp, #\slot + 36]
    sbcs r1, r1, #0
    str r1, [sp, #\slot + 40]
    sbcs r2, r2, #0
    str r2, [sp, #\slot + 44]
    sbcs r3, r3, #0
    str r3, [sp, #\slot + 48]
    sbcs r4, r4, #0
    str r4, [sp, #\slot + 52]
    sbcs r5, r5, #0
    str r5, [sp, #\slot + 56]
    sbc r6, r6, #0
    str r6, [sp, #\slot + 60]
    .endm

/* r0-r7 = slot if the GE flags are 0, slot + 64 if they are 1. */
    .macro select slot
    load8 \slot
    ldr r8, [sp, #\slot + 64]
    ldr r9, [sp, #\slot + 68]
    ldr r10, [sp, #\slot + 72]
    ldr r11, [sp, #\slot + 76]
    sel r0, r8, r0
    sel r1, r9, r1
    sel r2, r10, r2
    sel r3, r11, r3
    ldr r8, [sp, #\slot + 80]
    ldr r9, [sp, #\slot + 84]
    ldr r10, [sp, #\slot + 88]
    ldr r11, [sp, #\slot + 92]
    sel r4, r8, r4
    sel r5, r9, r5
    sel r6, r10, r6
    sel r7, r11, r7
    .endm

/* C = AA - BB and D = AA + 121665 C, for AA in slot A and BB as fe_sqr returns it. The difference
   is corrected as in add_sub; the top of AA + 121665 C is below 2^18, its last carry at most
   121665. */
    .macro difference_and_a24
    ldr r0, [sp, #A]
    ldr r1, [sp, #A + 4]
    ldr r2, [sp, #A + 8]
    ldr r6, [sp, #A + 12]
    subs r0, r0, r3
    sbcs r1, r1, r4
    sbcs r2, r2, r5
    sbcs r3, r6, r8
    ldr r4, [sp, #A + 16]
    ldr r5, [sp, #A + 20]
    ldr r6, [sp, #A + 24]
    ldr r8, [sp, #A + 28]
    sbcs r4, r4, r11
    sbcs r5, r5, r12
    sbcs r6, r6, lr
    sbcs r7, r8, r7
    sbc r9, r9, r9
    and r9, r9, #38
    subs r0, r0, r9
    sbcs r1, r1, #0
    sbcs r2, r2, #0
    sbcs r3, r3, #0
    sbcs r4, r4, #0
    sbcs r5, r5, #0
    sbcs r6, r6, #0
    sbc r7, r7, #0
    store8 C
    ldr r9, [sp, #A]
    ldr r10, [sp, #A + 4]
    ldr r11, [sp, #A + 8]
    movw r12, #121665 & 0xffff
    movt r12, #121665 >> 16
    mov lr, #0
    umaal r8, lr, r7, r12
    lsls r8, r8, #1
    adc lr, lr, lr
    add r7, lr, lr, lsl #1
    add lr, r7, lr, lsl #4
    umaal r9, lr, r0, r12
    umaal r10, lr, r1, r12
    umaal r11, lr, r2, r12
    ldr r0, [sp, #A + 12]
    ldr r1, [sp, #A + 16]
    ldr r2, [sp, #A + 20]
    ldr r7, [sp, #A + 24]
    str r9, [sp, #D]
    str r10, [sp, #D + 4]
    str r11, [sp, #D + 8]
    umaal r0, lr, r3, r12
    umaal r1, lr, r4, r12
    umaal r2, lr, r5, r12
    umaal r7, lr, r6, r12
    add r8, lr, r8, lsr #1
    str r0, [sp, #D + 12]
    str r1, [sp, #D + 16]
    str r2, [sp, #D + 20]
    str r7, [sp, #D + 24]
    str r8, [sp, #D + 28]
    .endm

/* r0-r7 = 9 times what fe_sqr returned, tight: the top is below 18, the last carry at most 9. */
    .macro nine_squares
    mov r10, #8
    mov r9, #0
    mov r0, r7
    umaal r7, r9, r0, r10
    lsls r7, r7, #1
    adc r9, r9, r9
    add r0, r9, r9, lsl #1
    add r9, r0, r9, lsl #4
    mov r0, r3
    umaal r0, r9, r3, r10
    mov r1, r4
    umaal r1, r9, r4, r10
    mov r2, r5
    umaal r2, r9, r5, r10
    mov r3, r8
    umaal r3, r9, r8, r10
    mov r4, r11
    umaal r4, r9, r11, r10
    mov r5, r12
    umaal r5, r9, r12, r10
    mov r6, lr
    umaal r6, r9, lr, r10
    add r7, r9, r7, lsr #1
    .endm

/* Division of slot A by slot X1, z, as a multiplication by z^(p - 2) = z^(2^255 - 21). A row
   squares a number of times, then multiplies by one slot and stores in another. The exponents are
   named; Tn stands for 2^n - 1. */
    .macro chain squarings, factor, result
    .byte \squarings, \factor / 4, \result / 4, 0
    .endm
division:
    chain 0, X1, B                      /* 2 */
    chain 2, X1, C                      /* 9 */
    chain 0, B, D                       /* 11 */
    chain 1, C, P                       /* T5 */
    chain 5, P, Q                       /* T10 */
    chain 10, Q, P                      /* T20 */
    chain 20, P, B                      /* T40 */
    chain 10, Q, P                      /* T50 */
    chain 50, P, Q                      /* T100 */
    chain 100, Q, B                     /* T200 */
    chain 50, P, B                      /* T250 */
    chain 5, D, B                       /* 2^255 - 21 */
    chain 0, A, B
    .equ DIVISION_ROWS, (. - division) / 4

/* void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) */
    .global wg_x25519_core
    .type wg_x25519_core, %function
wg_x25519_core:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    str r0, [sp, #OUT]
    str r1, [sp, #SCALAR]
    clz r0, r2
    lsr r0, r0, #5                      /* 1 when NULL */
    str r0, [sp, #BASE]
    cbnz r0, 2f
    add r3, sp, #X1                     /* by bytes, for any alignment */
    mov r1, #0
1:  ldrb r0, [r2, r1]
    strb r0, [r3, r1]
    add r1, r1, #1
    cmp r1, #32
    bne 1b
    load8 X1
    bic r7, r7, #0x80000000
    store8 X1
    b 3f
2:  small 9
    store8 X1
3:  store8 A
    mov r8, #255
    str r8, [sp, #INDEX]
    mov r8, #0
    str r8, [sp, #PREVIOUS]
    small 1
    b ladder_pair

ladder_add:
    multiply D, A
    store8 P
    multiply C, B
    add_sub P
    /* Double C, D rather than A, B if the bit is not the one before. */
    ldr r0, [sp, #INDEX]
    ldr r1, [sp, #SCALAR]
    ldr r2, [sp, #PREVIOUS]
    lsr r3, r0, #3
    ldrb r1, [r1, r3]
    and r0, r0, #7
    lsr r1, r1, r0
    and r1, r1, #1
    str r1, [sp, #PREVIOUS]
    eor r0, r1, r2
    rsb r0, r0, #0
ladder_double:
    /* r0: 0 to double A, B; all ones to double C, D. GE flags are set when the byte sums carry. */
    uadd8 r0, r0, r0
    select A
    bl fe_sqr
    store_square A                      /* AA */
    select B
    bl fe_sqr
    store_square B                      /* BB */
    difference_and_a24
    multiply A, B
    store8 A                            /* x2 */
    multiply C, D                       /* z2 */
    ldr r8, [sp, #INDEX]
    cmp r8, #0
    beq divide
ladder_pair:
    add_sub A
    ldr r8, [sp, #INDEX]
    sub r9, r8, #3
    cmp r9, #251
    bhs ladder_special
    load8 P
    bl fe_sqr
    store_square C                      /* x3 */
    load8 Q
    bl fe_sqr
    ldr r0, [sp, #BASE]
    cbz r0, 4f
    nine_squares
    b 5f
4:  store_square Q
    multiply Q, X1
5:  add_sub C                           /* z3 was in r0-r7 */
ladder_next:
    ldr r0, [sp, #INDEX]
    sub r0, r0, #1
    str r0, [sp, #INDEX]
    sub r1, r0, #3
    cmp r1, #251
    blo ladder_add
    ldr r0, [sp, #PREVIOUS]
    mov r1, #0
    str r1, [sp, #PREVIOUS]
    rsb r0, r0, #0
    b ladder_double

ladder_special:
    /* After bit 254 the other point is the point itself, (x1 : 1). */
    cmp r8, #254
    bne ladder_next
    mov r8, #1
    str r8, [sp, #PREVIOUS]
    load8 X1
    store8 C
    small 1
    b 5b

divide:
    store8 X1
divide_row:
    /* r0-r7: the power that the row starts with; INDEX: the row's offset, 0 at first. */
    ldr r8, [sp, #INDEX]
    adr r9, division
    ldrb r10, [r9, r8]
    cmp r10, #0
    beq 7f
6:  str r10, [sp, #PREVIOUS]
    bl fe_sqr
    move_square
    ldr r10, [sp, #PREVIOUS]
    subs r10, r10, #1
    bne 6b
    ldr r8, [sp, #INDEX]
    adr r9, division
7:  add r9, r9, r8
    ldrb r10, [r9, #1]
    ldrb r11, [r9, #2]
    add r8, r8, #4
    str r8, [sp, #INDEX]
    add r12, sp, r11, lsl #2
    str r12, [sp, #PREVIOUS]            /* where the result goes */
    stm r12, {r0-r7}
    mov r0, r12
    add r6, sp, r10, lsl #2
    bl fe_mul
    ldr r8, [sp, #PREVIOUS]
    stm r8, {r0-r7}
    ldr r8, [sp, #INDEX]
    cmp r8, #4 * DIVISION_ROWS
    bne divide_row

    /* Below p: bit 255 returns as 19, which leaves less than 2^255 and at most one p. There is one
       when 19 more reaches 2^255. */
    mov r9, #19
    lsr r8, r7, #31
    bic r7, r7, #0x80000000
    mul r8, r8, r9
    adds r0, r0, r8
    adcs r1, r1, #0
    adcs r2, r2, #0
    adcs r3, r3, #0
    adcs r4, r4, #0
    adcs r5, r5, #0
    adcs r6, r6, #0
    adc r7, r7, #0
    adds r8, r0, #19
    adcs r8, r1, #0
    adcs r8, r2, #0
    adcs r8, r3, #0
    adcs r8, r4, #0
    adcs r8, r5, #0
    adcs r8, r6, #0
    adc r8, r7, #0
    lsr r8, r8, #31
    mul r8, r8, r9
    adds r0, r0, r8
    adcs r1, r1, #0
    adcs r2, r2, #0
    adcs r3, r3, #0
    adcs r4, r4, #0
    adcs r5, r5, #0
    adcs r6, r6, #0
    adc r7, r7, #0
    bic r7, r7, #0x80000000
    store8 A
    ldr r2, [sp, #OUT]
    add r3, sp, #A
    mov r1, #0
8:  ldrb r0, [r3, r1]
    strb r0, [r2, r1]
    add r1, r1, #1
    cmp r1, #32
    bne 8b

    /* Nothing of the ladder stays on the stack or in registers. */
    small 0
    mov r8, sp
    .rept FRAME / 32
    stm r8!, {r0-r7}
    .endr
    str r0, [r8]
    mov r12, #0
    mov lr, #0
    add sp, sp, #FRAME
    pop {r4-r11, pc}
    .size wg_x25519_core, . - wg_x25519_core
