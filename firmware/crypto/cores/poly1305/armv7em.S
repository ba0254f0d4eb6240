/* SPDX-License-Identifier: MIT */
/* Poly1305 (RFC 8439 section 2.5) for Cortex-M4, M7 and M33 (ARMv7E-M or ARMv8-M with the DSP
   extension).

   The sum h is h0 + h1 2^32 + h2 2^64 + h3 2^96 + v 2^128, where v may be a whole word. As
   2^130 = 5 modulo p and clamping leaves r1, r2, r3 divisible by 4, with s = 5/4 r

       h r = h0 (r0 r1 r2 r3) + h1 (s3 r0 r1 r2) + h2 (s2 s3 r0 r1) + h3 (s1 s2 s3 r0)
             + t r0 + v (- s1 s2 s3) + e r0 2^128        with v = 4 (t / 5) + e, e < 4

   where a list names what belongs to words 0, 1, 2, 3. UMAAL adds a product to two words and leaves
   one there and one for the next word, and cannot overflow. So each row is a chain of four, which
   starts from the next message block and ends with a word for v: neither the message nor the
   reduction needs a carry flag or an addition of its own.

   Bounds: r < 2^28, s < 5/4 2^28, and what leaves a row is at most its last factor. So
   v <= r3 + r2 + r1 + r0 + s3 + e r0 + 1 < 8.3 2^28 + 2^28 and t = 5 (v / 4) < 11.7 2^28 < 2^32. */

    .syntax unified
    .thumb

    .equ R1, 0
    .equ R2, 4
    .equ R3, 8
    .equ S1, 12
    .equ S2, 16
    .equ END, 20                /* of p */
    .equ LATER, 24
    .equ ST, 28
    .equ FRAME, 36              /* with r4-r11 and lr: 72 bytes */
    .equ SECRET_WORDS, 5

    p .req r12                  /* the next block's last word: what can move on as it is loaded */
    rr0 .req lr                 /* r0 and s3 */
    ss3 .req r11

    /* a, b, c, d, e = (h0, h1, h2, h3, v) * r, plus the message at p and its 2^128, which counts as
       word 4; or, with message 0, plus nothing. h0-h3, v and f are lost; a-e are free before. */
    .macro multiply h0, h1, h2, h3, v, a, b, c, d, e, f, message=1
    bic \b, \v, #3                      /* b: t */
    add \b, \b, \v, lsr #2
    ldr \c, [sp, #S1]
    ldr \d, [sp, #S2]
    .if \message
    ldr \a, [p, #-12]
    .else
    mov \a, #0
    .endif
    umull \e, \f, \h3, \c               /* rows v (carry e) and h3 (carry f) */
    umaal \a, \e, \b, rr0
    .if \message
    ldr \b, [p, #-8]
    .else
    mov \b, #0
    .endif
    umaal \b, \e, \v, \c
    umaal \b, \f, \h3, \d
    .if \message
    ldr \c, [p, #-4]
    .else
    mov \c, #0
    .endif
    umaal \c, \e, \v, \d
    umaal \c, \f, \h3, ss3
    .if \message
    ldr \d, [p], #16
    .else
    mov \d, #0
    .endif
    umaal \d, \e, \v, ss3
    umaal \d, \f, \h3, rr0
    and \v, \v, #3
    mov \h3, #\message                  /* 2^128 of the block, and then a zero */
    umaal \e, \h3, \v, rr0
    add \e, \e, \f
    ldr \v, [sp, #S2]
    ldr \f, [sp, #R1]
    umaal \a, \h3, \h2, \v              /* row h2 (carry h3) */
    umaal \b, \h3, \h2, ss3
    umaal \c, \h3, \h2, rr0
    umaal \d, \h3, \h2, \f
    add \e, \e, \h3
    ldr \v, [sp, #R2]
    umull \h2, \h3, \h1, ss3             /* rows h0 (carry h2) and h1 (carry h3) */
    umaal \a, \h2, \h0, rr0
    umaal \b, \h2, \h0, \f
    umaal \b, \h3, \h1, rr0
    umaal \c, \h2, \h0, \v
    umaal \c, \h3, \h1, \f
    umaal \d, \h3, \h1, \v
    ldr \v, [sp, #R3]
    add \e, \e, \h3
    umaal \d, \h2, \h0, \v
    add \e, \e, \h2
    .endm

    .text
    .balign 4

/* void wg_poly1305_core(wg_poly1305_state *st, const uint8_t *blocks, size_t nblocks,
                         uint32_t hibit) */
    .global wg_poly1305_core
    .type wg_poly1305_core, %function
wg_poly1305_core:
    cbnz r2, 1f
    bx lr
1:  push {r4-r11, lr}
    sub sp, sp, #FRAME
    cmp r3, #0
    beq .Lwithout
    mov r4, #0
.Lrun:
    /* r1: first block, r2: how many with this high bit, r3, r4: how many later. */
    str r0, [sp, #ST]
    str r4, [sp, #LATER]
    add r12, r1, #12
    mov r9, r3
    add r10, r12, r2, lsl #4
    str r10, [sp, #END]
    ldr rr0, [r0, #20]
    ldr r5, [r0, #24]
    ldr r6, [r0, #28]
    ldr r7, [r0, #32]
    add r8, r5, r5, lsr #2
    add r3, r6, r6, lsr #2
    add ss3, r7, r7, lsr #2
    str r5, [sp, #R1]
    str r6, [sp, #R2]
    str r7, [sp, #R3]
    str r8, [sp, #S1]
    str r3, [sp, #S2]
    /* The first block is added with carries, to the h that is below 5 2^128: v <= 6. */
    ldr r4, [r0, #16]
    ldr r1, [r0, #4]
    ldr r2, [r0, #8]
    ldr r3, [r0, #12]
    ldr r0, [r0]
    ldr r5, [p, #-12]
    ldr r6, [p, #-8]
    ldr r7, [p, #-4]
    ldr r8, [p], #16
    adds r0, r0, r5
    adcs r1, r1, r6
    adcs r2, r2, r7
    adcs r3, r3, r8
    adc r4, r4, r9
    subs r10, r10, p
    beq .Llast
    lsls r10, r10, #27                  /* odd: begin in the middle */
    beq .Lpair
    mov r7, r2
    mov r8, r3
    mov r9, r4
    mov r5, r0
    mov r6, r1
    b .Lsecond
.Lpair:
    multiply r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10
.Lsecond:
    multiply r5, r6, r7, r8, r9, r0, r1, r2, r3, r4, r10
    ldr r10, [sp, #END]
    cmp r10, p
    bne .Lpair
.Llast:
    multiply r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, 0
    /* h4 <= 3 + 1 */
    ldr r0, [sp, #ST]
    ldr r4, [sp, #LATER]
    bic r1, r9, #3
    add r1, r1, r9, lsr #2
    and r9, r9, #3
    adds r5, r5, r1
    adcs r6, r6, #0
    adcs r7, r7, #0
    adcs r8, r8, #0
    adc r9, r9, #0
    str r5, [r0]
    str r6, [r0, #4]
    str r7, [r0, #8]
    str r8, [r0, #12]
    str r9, [r0, #16]
    cbnz r4, .Lagain

    mov r0, #0
    .set word, 0
    .rept SECRET_WORDS
    str r0, [sp, #word]
    .set word, word + 4
    .endr
    mov r1, r0
    mov r2, r0
    mov r3, r0
    mov r12, r0
    mov lr, r0
    add sp, sp, #FRAME
    pop {r4-r11, pc}

    /* Blocks without the high bit are rare: one at a time. */
.Lagain:
    sub r1, p, #12
    mov r2, r4
    mov r3, #0
.Lwithout:
    sub r4, r2, #1
    mov r2, #1
    b .Lrun
    .size wg_poly1305_core, . - wg_poly1305_core
