/* SPDX-License-Identifier: MIT */
/* X25519 for Cortex-M0 and M0+ (ARMv6-M: eight registers that compute, 32 x 32 -> 32 multiply).

   Field elements are eight full 32-bit words, any 256-bit representative modulo p = 2^255 - 19.
   What products and squares are reduced to is "tight": below 2^255 + 2^230, so that word 7 is at
   most 2^31 + 38. Only tight values are added and subtracted, only products take the sums.

   Products: subtractive Karatsuba at three levels, 256 -> 128 -> 64 -> 32 bits, refined as in
   Duell et al., "High-speed Curve25519 on 8-bit, 16-bit, and 32-bit microcontrollers" (2015),
   section 3.2: with a = a0 + a1 X, b = b0 + b1 X,
       z0 = a0 b0,  z2 = a1 b1,  d = |a0 - a1| |b1 - b0|,  m = -1 if (a0 - a1)(b1 - b0) < 0 else 0
       u  = high(z0) + low(z2), with a carry
       a b = low(z0) + X (low(z0) + u +- low(d)) + X^2 (u + high(z2) +- high(d)) + X^3 high(z2)
   where u's carry is added to high(z2) first. +-d is (d ^ m) + (m & 1), with m as the words above:
   `lsrs x, m, #1` makes m & 1 the carry. Squares need no sign: there the last term is -d.

   Ladder (RFC 7748 section 5), with two savings that need no secret branch or address:
   - Nothing is swapped. The step's differential addition is symmetric in the two points, up to the
     sign of a number that is squared; so only what is doubled is selected, by a mask.
   - Bit 254 of a clamped scalar is 1 and bits 2, 1, 0 are 0: those four steps only double.

   Time and addresses do not depend on the scalar or the point; that the point is NULL is public. */

    .syntax unified
    .thumb

/* The frame of wg_x25519_core. A and B are x2 + z2 and x2 - z2 of the doubled point, C and D those
   of the other, X1 is the point's u; P, Q and T hold what passes. */
    .equ OUT, 0
    .equ SCALAR, 4
    .equ INDEX, 8                       /* number of the scalar's bit; offset of a division's row */
    .equ PREVIOUS, 12                   /* the bit before, 0 or 1 */
    .equ POINT, 16                      /* NULL: the base point */
    .equ COUNT, 20
    .equ X1, 24
    .equ A, 56
    .equ B, 88
    .equ C, 120
    .equ D, 152
    .equ P, 184
    .equ Q, 216
    .equ T, 248
    .equ FRAME, 280
    .equ BELOW, 176                     /* at least what fe_mul and fe_sqr use below the frame */

/* The frame of fe_mul and fe_sqr: the three products of the highest level, the differences that
   give d, and what was pushed on entry. */
    .equ Z2, 0
    .equ Z0, 32
    .equ DD, 64
    .equ DIFFERENCE_B, 96
    .equ DIFFERENCE_A, 112
    .equ SIGN, 128
    .equ POINTER_A, 132
    .equ POINTER_B, 136
    .equ POINTER_OUT, 140
    .equ FIELD_FRAME, 144               /* and lr */

/* ---- 32 and 64 bits ---- */

/* (b, v) = a * b, high word first, in 17 cycles. Destroys a, t, u. */
    .macro mul32 a, b, t, u, v
    uxth \t, \a
    lsrs \a, \a, #16
    uxth \u, \b
    lsrs \b, \b, #16
    movs \v, \t
    muls \v, \u, \v                     /* low * low */
    muls \t, \b, \t                     /* low * high */
    muls \u, \a, \u                     /* high * low */
    muls \b, \a, \b                     /* high * high */
    lsls \a, \t, #16
    lsrs \t, \t, #16
    adds \v, \v, \a
    adcs \b, \t
    lsls \a, \u, #16
    lsrs \u, \u, #16
    adds \v, \v, \a
    adcs \b, \u
    .endm

/* (a, v) = a * a, high word first, in 10 cycles. Destroys t, u. */
    .macro sqr32 a, v, t, u
    uxth \v, \a
    lsrs \a, \a, #16
    movs \t, \v
    muls \t, \a, \t
    muls \v, \v, \v
    muls \a, \a, \a
    lsls \u, \t, #17                    /* twice the middle, shifted by 16 */
    lsrs \t, \t, #15
    adds \v, \v, \u
    adcs \a, \t
    .endm

/* Karatsuba's middle from the z's of n words: h0 = u, then w1 = l0 + u, h0 = u + h2, h2; zero is
   set to 0. h2 takes u's carry without overflow: a square of all ones has high word 2^32 - 2. */
    .macro middle64 l0, h0, l2, h2, w1, zero
    movs \zero, #0
    adds \h0, \h0, \l2
    adcs \h2, \zero
    adds \w1, \l0, \h0
    adcs \h0, \h2
    adcs \h2, \zero
    .endm

/* (t3, t2, b0, b1) = (a0, a1) * (b0, b1), lowest word first, in 80 cycles. Destroys all of its
   registers and r8 = m, r9 = b1, r10 and r11 = d. */
    .macro mul64 a0, a1, b0, b1, t0, t1, t2, t3
    subs \t0, \a0, \a1
    sbcs \t1, \t1
    eors \t0, \t1
    subs \t0, \t0, \t1                  /* |a0 - a1| */
    subs \t2, \b1, \b0
    sbcs \t3, \t3
    eors \t2, \t3
    subs \t2, \t2, \t3                  /* |b1 - b0| */
    eors \t1, \t3
    mov r8, \t1
    mov r9, \b1
    mul32 \t0, \t2, \t1, \t3, \b1
    mov r10, \b1
    mov r11, \t2
    mul32 \a0, \b0, \t0, \t1, \t3       /* z0 = (t3, b0) */
    mov \b1, r9
    mul32 \a1, \b1, \t0, \t1, \t2       /* z2 = (t2, b1) */
    middle64 \t3, \b0, \t2, \b1, \t2, \a0
    mov \t0, r8
    mov \t1, r10
    eors \t1, \t0
    mov \a1, r11
    eors \a1, \t0
    lsrs \a0, \t0, #1
    adcs \t2, \t1
    adcs \b0, \a1
    adcs \b1, \t0
    .endm

/* (t2, t3, a0, a1) = the square of (a0, a1), lowest word first, in 43 cycles. Destroys all. */
    .macro sqr64 a0, a1, t0, t1, t2, t3, t4, t5
    subs \t0, \a0, \a1
    sbcs \t1, \t1
    eors \t0, \t1
    subs \t0, \t0, \t1                  /* |a0 - a1| */
    sqr32 \t0, \t1, \t2, \t3            /* d = (t1, t0) */
    sqr32 \a0, \t2, \t3, \t4            /* z0 = (t2, a0) */
    sqr32 \a1, \t3, \t4, \t5            /* z2 = (t3, a1) */
    middle64 \t2, \a0, \t3, \a1, \t3, \t4
    subs \t3, \t3, \t1
    sbcs \a0, \t0
    sbcs \a1, \t4
    .endm

/* ---- 128 bits ---- */

/* (x, y) = |(x, y) - (v, w)|, the lower word first; m = the sign's mask. m may be v or w. */
    .macro difference64 x, y, v, w, m
    subs \x, \x, \v
    sbcs \y, \w
    sbcs \m, \m
    eors \x, \m
    eors \y, \m
    subs \x, \x, \m
    sbcs \y, \m
    .endm

/* Words 2 to 7 before +-d, in r0, r1, r4-r7, from z0 in r0-r3 and z2 in r4-r7; r2 = 0. */
    .macro middle128
    adds r4, r4, r2                     /* u */
    adcs r5, r3
    movs r2, #0
    adcs r6, r2
    adcs r7, r2
    adds r0, r0, r4
    adcs r1, r5
    adcs r4, r6
    adcs r5, r7
    adcs r6, r2
    adcs r7, r2
    .endm

/* A word of +-d that is popped; m in r3. */
    .macro add_signed_word to
    pop {r2}
    eors r2, r3
    adcs \to, r2
    .endm

/* Slot `to` of the frame = the four words at r12 times those at lr, which stay 8 bytes further on.
   Pushes m and d. With load_b=0 the right factor is in r4-r7 as well. */
    .macro mul128 to, load_b=1
    mov r0, r12
    ldm r0, {r0-r3}
    difference64 r0, r1, r2, r3, r2
    .if \load_b
    mov r4, lr
    ldm r4, {r4-r7}
    .endif
    difference64 r6, r7, r4, r5, r3
    eors r2, r3
    push {r2}
    mul64 r0, r1, r6, r7, r2, r3, r5, r4
    push {r4-r7}
    mov r0, r12
    ldm r0!, {r2, r3}
    mov r12, r0
    mov r0, lr
    ldm r0!, {r6, r7}
    mov lr, r0
    mul64 r2, r3, r6, r7, r0, r1, r5, r4
    add r0, sp, #\to + 20
    stm r0!, {r4-r7}                    /* z0 */
    mov r0, r12
    ldm r0, {r0, r1}
    mov r6, lr
    ldm r6, {r6, r7}
    mul64 r0, r1, r6, r7, r2, r3, r5, r4
    add r0, sp, #\to + 20
    ldm r0, {r0-r3}
    middle128
    ldr r3, [sp, #16]
    lsrs r2, r3, #1
    add_signed_word r0
    add_signed_word r1
    add_signed_word r4
    add_signed_word r5
    adcs r6, r3
    adcs r7, r3
    add sp, #4
    add r2, sp, #\to + 8
    stm r2!, {r0, r1, r4-r7}
    .endm

/* Slot `to` of the frame = the square of the four words at r12, which stays 8 bytes further on.
   With load=0 they are in r0-r3 as well. Destroys r8-r11 = d. */
    .macro sqr128 to, load=1
    .if \load
    mov r0, r12
    ldm r0, {r0-r3}
    .endif
    difference64 r0, r1, r2, r3, r2
    sqr64 r0, r1, r2, r3, r4, r5, r6, r7
    mov r8, r4
    mov r9, r5
    mov r10, r0
    mov r11, r1
    mov r0, r12
    ldm r0!, {r6, r7}
    mov r12, r0
    sqr64 r6, r7, r0, r1, r4, r5, r2, r3
    add r0, sp, #\to
    stm r0!, {r4-r7}                    /* z0 */
    mov r0, r12
    ldm r0!, {r6, r7}
    sqr64 r6, r7, r0, r1, r4, r5, r2, r3
    add r0, sp, #\to
    ldm r0, {r0-r3}
    middle128
    mov r3, r8
    subs r0, r0, r3
    mov r3, r9
    sbcs r1, r3
    mov r3, r10
    sbcs r4, r3
    mov r3, r11
    sbcs r5, r3
    sbcs r6, r2
    sbcs r7, r2
    add r2, sp, #\to + 8
    stm r2!, {r0, r1, r4-r7}
    .endm

/* r12 and lr, 8 bytes into one half of a factor, to the next. */
    .macro next_half register
    mov r0, \register
    adds r0, #8
    mov \register, r0
    .endm

/* ---- 256 bits ---- */

/* (x0-x3) = |(x0-x3) - (y0-y3)|, m = the sign's mask. m may be y0. */
    .macro difference128 x0, x1, x2, x3, y0, y1, y2, y3, m
    subs \x0, \x0, \y0
    sbcs \x1, \y1
    sbcs \x2, \y2
    sbcs \x3, \y3
    sbcs \m, \m
    eors \x0, \m
    eors \x1, \m
    eors \x2, \m
    eors \x3, \m
    subs \x0, \x0, \m
    sbcs \x1, \m
    sbcs \x2, \m
    sbcs \x3, \m
    .endm

/* The product is T0 + T1 X + T2 X^2 + T3 X^3 with X = 2^128, and 2^256 = 38, so the result is
       T0 + 38 T2 + X (T1 + 38 T3).
   T0 = low(z0). The two carries of u and those of T2 are not carried on, but counted and folded:
   X^2 k is 38 k in word 0, X^3 k is 38 k in word 4, so that T3 is just high(z2).

   From z0 and z2: r4-r7 = low(z0) + u, its carry in lr; u in r9-r12, its carry in r8. */
    .macro middle256_low
    add r0, sp, #Z0 + 16
    ldm r0, {r0-r3}
    add r4, sp, #Z2
    ldm r4, {r4-r7}
    adds r0, r0, r4
    adcs r1, r5
    adcs r2, r6
    adcs r3, r7
    movs r4, #0
    adcs r4, r4
    mov r8, r4
    mov r9, r0
    mov r10, r1
    mov r11, r2
    mov r12, r3
    add r4, sp, #Z0
    ldm r4, {r4-r7}
    adds r4, r4, r0
    adcs r5, r1
    adcs r6, r2
    adcs r7, r3
    movs r0, #0
    adcs r0, r0
    mov lr, r0
    .endm

/* Stores T1 = r4-r7 over low(z2), with its carry from +-low(d) to r3 (of -low(d): not the borrow).
   Then r4-r7 = u + high(z2) + lr's carry, and r0 = this one's carry + r8; r2 = 0; and the carry
   flag is r3 again. */
    .macro middle256_high
    add r0, sp, #Z2
    stm r0!, {r4-r7}
    movs r3, #0
    adcs r3, r3
    add r4, sp, #Z2 + 16
    ldm r4, {r4-r7}
    mov r2, lr
    lsrs r2, r2, #1
    mov r0, r9
    adcs r4, r0
    mov r0, r10
    adcs r5, r0
    mov r0, r11
    adcs r6, r0
    mov r0, r12
    adcs r7, r0
    mov r0, r8
    movs r2, #0
    adcs r0, r2
    lsrs r3, r3, #1
    .endm

/* to +- a word of d; m in r1. */
    .macro add_signed_at offset, to, temporary
    ldr \temporary, [sp, #\offset]
    eors \temporary, r1
    adcs \to, \temporary
    .endm

    .text
    .balign 4

/* fe_mul: [r2] = [r0] * [r1], tight. Any of them may be the same. Destroys all but sp. */
    .type fe_mul, %function
fe_mul:
    push {r0-r2, lr}
    mov lr, r1
    ldm r0, {r0-r7}
    difference128 r0, r1, r2, r3, r4, r5, r6, r7, r4
    push {r0-r4}
    mov r12, sp
    mov r0, lr
    ldm r0, {r0-r7}
    difference128 r4, r5, r6, r7, r0, r1, r2, r3, r0
    ldr r1, [sp, #16]
    eors r1, r0
    str r1, [sp, #16]                   /* SIGN */
    push {r4-r7}
    mov lr, sp
    sub sp, #DIFFERENCE_B
    mul128 DD, load_b=0
    ldr r0, [sp, #POINTER_A]
    mov r12, r0
    ldr r0, [sp, #POINTER_B]
    mov lr, r0
    mul128 Z0
    next_half r12
    next_half lr
    mul128 Z2

    middle256_low
    ldr r1, [sp, #SIGN]
    lsrs r0, r1, #1
    add_signed_at DD, r4, r0
    add_signed_at DD + 4, r5, r0
    add_signed_at DD + 8, r6, r0
    add_signed_at DD + 12, r7, r0
    middle256_high
    add_signed_at DD + 16, r4, r2
    add_signed_at DD + 20, r5, r2
    add_signed_at DD + 24, r6, r2
    add_signed_at DD + 28, r7, r2
    adcs r0, r1
    b fe_reduce
    .size fe_mul, . - fe_mul

/* fe_sqr: [r2] = [r0]^2, tight. They may be the same. Destroys all but sp. */
    .balign 4
    .type fe_sqr, %function
fe_sqr:
    push {r0-r2, lr}
    ldm r0, {r0-r7}
    difference128 r0, r1, r2, r3, r4, r5, r6, r7, r4
    push {r0-r4}
    mov r12, sp
    sub sp, #DIFFERENCE_A
    sqr128 DD, load=0
    ldr r0, [sp, #POINTER_A]
    mov r12, r0
    sqr128 Z0
    next_half r12
    sqr128 Z2

    middle256_low
    add r0, sp, #DD
    ldm r0, {r0-r3}
    subs r4, r4, r0
    sbcs r5, r1
    sbcs r6, r2
    sbcs r7, r3
    middle256_high
    ldr r1, [sp, #DD + 16]
    sbcs r4, r1
    ldr r1, [sp, #DD + 20]
    sbcs r5, r1
    ldr r1, [sp, #DD + 24]
    sbcs r6, r1
    ldr r1, [sp, #DD + 28]
    sbcs r7, r1
    sbcs r0, r2                         /* falls through */
    .size fe_sqr, . - fe_sqr

/* r1 += 38 r0 + r3, carry in r3; r5 = 38, r6 = 0. Destroys r0, r2. As 38 (2^16 - 1) is far from
   2^32, r3 may be large; with r3 <= 39 before, it is <= 39 after: 39 (2^32 - 1) + 39 = 39 2^32. */
    .macro times38
    uxth r2, r0
    lsrs r0, r0, #16
    muls r2, r5, r2
    muls r0, r5, r0
    adds r2, r2, r3
    lsrs r3, r0, #16
    lsls r0, r0, #16
    adds r1, r1, r2
    adcs r3, r6
    adds r1, r1, r0
    adcs r3, r6
    .endm

    .macro reduce_word high, low
    ldr r0, [sp, #\high]
    ldr r1, [sp, #\low]
    times38
    stm r4!, {r1}
    .endm

/* The end of fe_mul and fe_sqr: reduces T0 in Z0, T1 in Z2, T2 in r4-r7, T3 in Z2 + 16. r8: u's
   first carry, of weight X^2. r0: what T2 carried, of weight X^3: u's second carry, T2's and that
   of +-d, together 0 to 3. It is not negative: T1 + X T2 + X^2 r0 is high(z0) + a0 b1 + a1 b0 +
   X low(z2) - X r8, and r8 = 1 only if high(z0) + low(z2) >= X, so that low(z2) >= 1.
   What is above bit 255 of word 7, T1's + 38 T3's < 39 2^32, is below 78 and returns times 19 as
   the chain's first carry, with r8 times 38: below 2^11. Word 7's 31 bits get at most 39. */
    .type fe_reduce, %function
fe_reduce:
    mov r9, r0
    add r2, sp, #Z0 + 16
    stm r2!, {r4-r7}                    /* T2 over high(z0) */
    ldr r4, [sp, #POINTER_OUT]
    movs r5, #38
    movs r6, #0
    ldr r0, [sp, #Z2 + 28]
    ldr r1, [sp, #Z2 + 12]
    movs r3, #0
    times38
    adds r1, r1, r1
    adcs r3, r3
    lsrs r7, r1, #1
    movs r0, #19
    muls r3, r0, r3
    mov r0, r8
    muls r0, r5, r0
    adds r3, r3, r0
    reduce_word Z0 + 16, Z0
    reduce_word Z0 + 20, Z0 + 4
    reduce_word Z0 + 24, Z0 + 8
    reduce_word Z0 + 28, Z0 + 12
    mov r0, r9
    muls r0, r5, r0
    adds r3, r3, r0
    reduce_word Z2 + 16, Z2
    reduce_word Z2 + 20, Z2 + 4
    reduce_word Z2 + 24, Z2 + 8
    adds r7, r7, r3
    stm r4!, {r7}
    add sp, #FIELD_FRAME
    pop {pc}
    .size fe_reduce, . - fe_reduce

/* ---- sums ---- */

/* [r2] = [r0] +- [r1], both tight; any of them may be the same. What carries out of 2^256 comes
   back as 38, a borrow as -38. That does not carry once more: a sum of 2^256 or more leaves less
   than 2^232, a difference below 0 leaves more than 2^256 - 2^255 - 2^231.
   Words 0 to 3 wait in r8-r11 for it; `carry` makes r7 the carry or borrow, 0 or 1. */
    .macro sum first, next, carry
    mov r12, r2
    ldm r0!, {r2-r5}
    ldm r1!, {r6, r7}
    \first r2, r2, r6
    \next r3, r7
    ldm r1!, {r6, r7}
    \next r4, r6
    \next r5, r7
    mov r8, r2
    mov r9, r3
    mov r10, r4
    mov r11, r5
    ldm r0!, {r2-r5}
    ldm r1!, {r6, r7}
    \next r2, r6
    \next r3, r7
    ldm r1!, {r6, r7}
    \next r4, r6
    \next r5, r7
    \carry
    movs r1, #38
    muls r7, r1, r7
    movs r1, #0
    mov r6, r12
    mov r0, r8
    \first r0, r0, r7
    mov r7, r9
    \next r7, r1
    stm r6!, {r0, r7}
    mov r0, r10
    \next r0, r1
    mov r7, r11
    \next r7, r1
    stm r6!, {r0, r7}
    \next r2, r1
    \next r3, r1
    \next r4, r1
    \next r5, r1
    stm r6!, {r2-r5}
    bx lr
    .endm

    .macro carry_of_add
    movs r7, #0
    adcs r7, r7
    .endm

    .macro carry_of_sub
    sbcs r7, r7
    negs r7, r7
    .endm

    .type fe_add, %function
fe_add:
    sum adds, adcs, carry_of_add
    .size fe_add, . - fe_add

    .type fe_sub, %function
fe_sub:
    sum subs, sbcs, carry_of_sub
    .size fe_sub, . - fe_sub

/* [r0] = [r1] if the mask r2 is all ones; nothing if it is 0. */
    .type fe_select, %function
fe_select:
    mov r7, r0
    .rept 4
    ldm r1!, {r3, r4}
    ldm r7!, {r5, r6}
    eors r3, r5
    eors r4, r6
    ands r3, r2
    ands r4, r2
    eors r5, r3
    eors r6, r4
    stm r0!, {r5, r6}
    .endr
    bx lr
    .size fe_select, . - fe_select

/* ---- the ladder ---- */

    .macro binary function, a, b, to
    add r0, sp, #\a
    add r1, sp, #\b
    add r2, sp, #\to
    bl \function
    .endm

    .macro square a, to
    add r0, sp, #\a
    add r2, sp, #\to
    bl fe_sqr
    .endm

/* to = a + b and b = a - b */
    .macro add_sub a, b, to
    binary fe_add, \a, \b, \to
    binary fe_sub, \a, \b, \b
    .endm

/* r1 += 121665 r0 + r4, carry in r4; 121665 = 2^16 + r5, r6 = 0. Destroys r0, r2, r3.
   With r0 = h 2^16 + l the middle is r5 h + l < 56130 2^16, and r5 l + r4 < 2^32 as long as r4 <
   2^29. The carry out is at most 121665 + 1. */
    .macro times121665
    lsrs r3, r0, #16
    uxth r0, r0
    movs r2, r3
    muls r2, r5, r2
    adds r2, r2, r0
    muls r0, r5, r0
    adds r0, r0, r4
    lsrs r4, r2, #16
    adds r4, r4, r3
    lsls r2, r2, #16
    adds r1, r1, r0
    adcs r4, r6
    adds r1, r1, r2
    adcs r4, r6
    .endm

/* r1 = 9 r1 + r4, carry in r4; r6 = 0. Destroys r0, r2. */
    .macro times9
    lsls r0, r1, #3
    lsrs r2, r1, #29
    adds r1, r1, r0
    adcs r2, r6
    adds r1, r1, r4
    adcs r2, r6
    movs r4, r2
    .endm

/* After a word 7 in (r4, r1): r7 = its 31 bits, r4 = 19 times what is above. */
    .macro top
    adds r1, r1, r1
    adcs r4, r4
    lsrs r7, r1, #1
    movs r0, #19
    muls r4, r0, r4
    .endm

    .macro a24_word i
    ldr r0, [sp, #C + 4 * \i]
    ldr r1, [sp, #A + 4 * \i]
    times121665
    .endm

/* D = A + 121665 C for a tight A; word 7 is at most 2^31 + 121666. */
    .macro a24
    ldr r5, =121665 - 65536
    movs r6, #0
    movs r4, #0
    a24_word 7
    top
    .irp i, 0, 1, 2, 3, 4, 5, 6
    a24_word \i
    str r1, [sp, #D + 4 * \i]
    .endr
    adds r7, r7, r4
    str r7, [sp, #D + 28]
    .endm

/* D = 9 Q, tight. */
    .macro nine
    movs r6, #0
    movs r4, #0
    ldr r1, [sp, #Q + 28]
    times9
    top
    .irp i, 0, 1, 2, 3, 4, 5, 6
    ldr r1, [sp, #Q + 4 * \i]
    times9
    str r1, [sp, #D + 4 * \i]
    .endr
    adds r7, r7, r4
    str r7, [sp, #D + 28]
    .endm

/* The 32 bytes at r1 to r0, for any alignment. */
    .macro copy_bytes
    movs r3, #0
1:  ldrb r2, [r1, r3]
    strb r2, [r0, r3]
    adds r3, #1
    cmp r3, #32
    bne 1b
    .endm

/* Slot = r0 and seven zeros. Destroys r1. */
    .macro small slot
    movs r1, #0
    str r0, [sp, #\slot]
    .irp i, 1, 2, 3, 4, 5, 6, 7
    str r1, [sp, #\slot + 4 * \i]
    .endr
    .endm

/* void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) */
    .global wg_x25519_core
    .type wg_x25519_core, %function
wg_x25519_core:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, #FRAME
    str r0, [sp, #OUT]
    str r1, [sp, #SCALAR]
    str r2, [sp, #POINT]
    movs r0, #9
    small X1
    cmp r2, #0
    beq 2f
    add r0, sp, #X1
    mov r1, r2
    copy_bytes
    ldr r0, [sp, #X1 + 28]
    lsls r0, r0, #1
    lsrs r0, r0, #1
    str r0, [sp, #X1 + 28]
    /* Both points for bit 254's doubling: A, B = x1 + 1, x1 - 1. */
2:  movs r0, #1
    small B
    add_sub X1, B, A
    movs r0, #255
    str r0, [sp, #INDEX]
    movs r0, #0
    str r0, [sp, #PREVIOUS]
    b ladder_next

ladder_add:
    binary fe_mul, D, A, T              /* DA */
    binary fe_mul, C, B, Q              /* CB */
    add_sub T, Q, P
    /* Double C, D rather than A, B if the bit is not the one before. */
    ldr r0, [sp, #INDEX]
    ldr r1, [sp, #SCALAR]
    ldr r2, [sp, #PREVIOUS]
    lsrs r3, r0, #3
    ldrb r1, [r1, r3]
    movs r3, #7
    ands r0, r3
    lsrs r1, r0
    movs r3, #1
    ands r1, r3
    str r1, [sp, #PREVIOUS]
    eors r1, r2
    negs r2, r1
ladder_double:
    /* r2: 0 to double A, B; all ones to double C, D. */
    str r2, [sp, #COUNT]
    add r0, sp, #A
    add r1, sp, #C
    bl fe_select
    ldr r2, [sp, #COUNT]
    add r0, sp, #B
    add r1, sp, #D
    bl fe_select
    square A, A                         /* AA */
    square B, B                         /* BB */
    binary fe_sub, A, B, C              /* E */
    a24
    binary fe_mul, A, B, T              /* x2 */
    binary fe_mul, C, D, B              /* z2 */
    ldr r3, [sp, #INDEX]
    cmp r3, #0
    bne 1f
    b divide
1:  add_sub T, B, A
    ldr r3, [sp, #INDEX]
    cmp r3, #254
    beq to_second_point
    cmp r3, #3
    bhs 1f
    b ladder_next
to_second_point:
    b second_point
1:  square P, T                         /* x3 */
    square Q, Q
    ldr r0, [sp, #POINT]
    cmp r0, #0
    bne 1f
    nine
    b 2f
1:  binary fe_mul, Q, X1, D             /* z3 */
2:  add_sub T, D, C
ladder_next:
    ldr r3, [sp, #INDEX]
    subs r3, #1
    str r3, [sp, #INDEX]
    subs r3, #3
    cmp r3, #251
    bhs 1f
    b ladder_add
    /* Bits 254, 2, 1, 0. */
1:  ldr r2, [sp, #PREVIOUS]
    negs r2, r2
    movs r3, #0
    str r3, [sp, #PREVIOUS]
    b ladder_double

    /* After bit 254 the other point is the point itself: C, D = x1 + 1, x1 - 1. */
second_point:
    movs r0, #1
    str r0, [sp, #PREVIOUS]
    small D
    add_sub X1, D, C
    b ladder_next
    .pool

    /* T / B as a multiplication by B^(p - 2) = B^(2^255 - 21). A row squares a number of times,
       then multiplies, and stores; its slots are offsets in words. INDEX is 0 at first. */
divide:
    add r0, sp, #B
    add r1, sp, #X1
    .rept 2
    ldm r0!, {r2-r5}
    stm r1!, {r2-r5}
    .endr
divide_row:
    adr r4, division
    ldr r0, [sp, #INDEX]
    adds r4, r4, r0
    ldrb r5, [r4]
    ldrb r0, [r4, #1]
    lsls r0, r0, #2
    add r0, sp
    ldrb r2, [r4, #3]
    lsls r2, r2, #2
    add r2, sp
    cmp r5, #0
    beq 4f
3:  str r5, [sp, #COUNT]
    str r2, [sp, #PREVIOUS]
    bl fe_sqr
    ldr r5, [sp, #COUNT]
    ldr r0, [sp, #PREVIOUS]
    mov r2, r0
    subs r5, #1
    bne 3b
    adr r4, division
    ldr r1, [sp, #INDEX]
    adds r4, r4, r1
4:  ldrb r1, [r4, #2]
    lsls r1, r1, #2
    add r1, sp
    bl fe_mul
    ldr r0, [sp, #INDEX]
    adds r0, #4
    str r0, [sp, #INDEX]
    cmp r0, #4 * DIVISION_ROWS
    bne divide_row

    /* Below p: bit 255 returns as 19, which leaves less than 2^255 and at most one p. There is one
       when 19 more reaches 2^255. */
    ldr r3, [sp, #B + 28]
    lsrs r2, r3, #31
    lsls r3, r3, #1
    lsrs r3, r3, #1
    str r3, [sp, #B + 28]
    movs r0, #19
    muls r0, r2, r0
    add r1, sp, #B
    movs r4, r1
    bl add_small
    movs r0, #19
    add r1, sp, #B
    add r4, sp, #C
    bl add_small
    lsrs r3, r3, #31
    movs r0, #19
    muls r0, r3, r0
    add r1, sp, #B
    movs r4, r1
    bl add_small
    lsls r3, r3, #1
    lsrs r3, r3, #1
    str r3, [sp, #B + 28]
    ldr r0, [sp, #OUT]
    add r1, sp, #B
    copy_bytes

    /* Nothing of the ladder stays on the stack or in registers. */
    .if (FRAME + BELOW) % 24
    .error "the frame is not a multiple of six words"
    .endif
    sub sp, #BELOW
    movs r0, #0
    movs r1, #0
    movs r2, #0
    movs r3, #0
    movs r4, #0
    movs r5, #0
    mov r6, sp
    movs r7, #(FRAME + BELOW) / 24
1:  stm r6!, {r0-r5}
    subs r7, #1
    bne 1b
    add sp, #BELOW
    add sp, #FRAME
    mov r12, r0
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7}
    pop {r3}
    mov lr, r3
    movs r3, #0
    bx lr

/* [r4] = [r1] + r0; r3 = its word 7. */
add_small:
    movs r2, #8
1:  ldm r1!, {r3}
    adds r3, r3, r0
    movs r0, #0
    adcs r0, r0
    stm r4!, {r3}
    subs r2, #1
    bne 1b
    bx lr
    .size wg_x25519_core, . - wg_x25519_core

/* Exponents are named; Tn stands for 2^n - 1. */
    .macro chain squarings, from, factor, to
    .byte \squarings, \from / 4, \factor / 4, \to / 4
    .endm
    .balign 4
division:
    chain 0, X1, X1, B                  /* 2 */
    chain 2, B, X1, C                   /* 9 */
    chain 0, C, B, D                    /* 11 */
    chain 1, D, C, P                    /* T5 */
    chain 5, P, P, Q                    /* T10 */
    chain 10, Q, Q, P                   /* T20 */
    chain 20, P, P, B                   /* T40 */
    chain 10, B, Q, P                   /* T50 */
    chain 50, P, P, Q                   /* T100 */
    chain 100, Q, Q, B                  /* T200 */
    chain 50, B, P, B                   /* T250 */
    chain 5, B, D, B                    /* 2^255 - 21 */
    chain 0, B, T, B
    .equ DIVISION_ROWS, (. - division) / 4
