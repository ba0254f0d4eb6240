/* SPDX-License-Identifier: MIT */
/* BLAKE2s compression (RFC 7693 section 3.2) for ARMv7-M and above: Cortex-M3, M4, M7, M33. It
   multiplies nothing and branches on the number of blocks only.

   Rotations are free: a word that is to be rotated is left as it is and rotated where it is used
   next, as the second operand of ADD or EOR. After G (section 3.1) b is still to be rotated right
   by 7 and d by 8; a and c are never pending.

   Twelve registers hold the sixteen words of the state but four, two are for the message. The two pairs of Gs
   of the columns and those of the diagonals are ordered so that four registers are enough to share:
   x4, x8, x9 and x13 are out from the middle of the columns to the middle of the diagonals, x6,
   x10, x11 and x15 are out for the rest. Two Gs are interleaved for cores that issue two
   instructions, and because on the others a load after a load costs one cycle less.

   The message is copied to the frame, from any alignment, where sp is its pointer. Which word goes
   where is in the code: all ten rounds are unrolled. */

    .syntax unified
    .thumb

    /* r0 and r1 are for the message. A register that stores and loads often is a low one: the
       instruction is short. */
    x4 .req r2
    x6 .req r2
    x8 .req r3
    x10 .req r3
    x9 .req r4
    x11 .req r4
    x13 .req r5
    x15 .req r5
    x0 .req r6
    x1 .req r7
    x2 .req r8
    x3 .req r9
    x5 .req r10
    x7 .req r11
    x12 .req r12
    x14 .req lr

    /* The frame: the message, words that are out, the arguments. */
    .equ M, 0
    .equ OUT4, 64
    .equ OUT8, 68
    .equ OUT9, 72
    .equ OUT13, 76
    .equ OUT6, 80
    .equ OUT10, 84
    .equ OUT11, 88
    .equ OUT15, 92
    .equ SECRET_WORDS, 24
    .equ FRAME, 96              /* above it the arguments and r4-r11, lr: 148 bytes */
    .equ H, 96
    .equ BLOCKS, 100
    .equ NBLOCKS, 104
    .equ T, 108
    .equ INC, 148
    .equ F0, 152

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

    /* G of (a, b, c, d) with message words x, y and of (e, f, g, h) with z, w. rb, rd: how far b, f
       and d, h are still to be rotated right. */
    .macro pair a, b, c, d, x, y, e, f, g, h, z, w, rb=7, rd=8
    ldr r0, [sp, #M + 4 * \x]
    ldr r1, [sp, #M + 4 * \z]
    add \a, \a, r0
    add \e, \e, r1
    add_ror \a, \a, \b, \rb
    add_ror \e, \e, \f, \rb
    eor_ror \d, \a, \d, \rd
    eor_ror \h, \e, \h, \rd
    add \c, \c, \d, ror #16
    add \g, \g, \h, ror #16
    eor_ror \b, \c, \b, \rb
    eor_ror \f, \g, \f, \rb
    ldr r0, [sp, #M + 4 * \y]
    ldr r1, [sp, #M + 4 * \w]
    add \a, \a, r0
    add \e, \e, r1
    add \a, \a, \b, ror #12
    add \e, \e, \f, ror #12
    eor \d, \a, \d, ror #16
    eor \h, \e, \h, ror #16
    add \c, \c, \d, ror #8
    add \g, \g, \h, ror #8
    eor \b, \c, \b, ror #12
    eor \f, \g, \f, ror #12
    .endm

    .macro round s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, rb=7, rd=8
    pair x0, x4, x8, x12, \s0, \s1, x1, x5, x9, x13, \s2, \s3, \rb, \rd
    str x4, [sp, #OUT4]
    str x8, [sp, #OUT8]
    str x9, [sp, #OUT9]
    str x13, [sp, #OUT13]
    ldr x6, [sp, #OUT6]
    ldr x10, [sp, #OUT10]
    ldr x11, [sp, #OUT11]
    ldr x15, [sp, #OUT15]
    pair x2, x6, x10, x14, \s4, \s5, x3, x7, x11, x15, \s6, \s7, \rb, \rd
    pair x0, x5, x10, x15, \s8, \s9, x1, x6, x11, x12, \s10, \s11
    str x6, [sp, #OUT6]
    str x10, [sp, #OUT10]
    str x11, [sp, #OUT11]
    str x15, [sp, #OUT15]
    ldr x4, [sp, #OUT4]
    ldr x8, [sp, #OUT8]
    ldr x9, [sp, #OUT9]
    ldr x13, [sp, #OUT13]
    pair x2, x7, x8, x13, \s12, \s13, x3, x4, x9, x14, \s14, \s15
    .endm

    .text
    .balign 4

/* The initial value (section 2.6). */
.Liv:
    .word 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a
    .word 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19

/* void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                        uint32_t inc, uint32_t f0) */
    .global wg_blake2s_core
    .type wg_blake2s_core, %function
wg_blake2s_core:
    cbnz r2, 1f
    bx lr
1:  push {r0-r11, lr}
    sub sp, sp, #FRAME

.Lblock:
    ldr r7, [sp, #BLOCKS]
    .irp first, 0, 7
    .irp i, 0, 1, 2, 3, 4, 5, 6
    ldr r\i, [r7, #4 * (\first + \i)]
    .endr
    .irp i, 0, 1, 2, 3, 4, 5, 6
    str r\i, [sp, #M + 4 * (\first + \i)]
    .endr
    .endr
    ldr r0, [r7, #56]
    ldr r1, [r7, #60]
    adds r7, #64
    str r0, [sp, #M + 56]
    str r1, [sp, #M + 60]
    str r7, [sp, #BLOCKS]

    ldr r6, [sp, #T]
    ldr r7, [sp, #INC]
    ldr r8, [sp, #F0]
    ldr r0, [r6]
    ldr r1, [r6, #4]
    adds r0, r0, r7
    adc r1, r1, #0
    str r0, [r6]
    str r1, [r6, #4]
    adr r6, .Liv
    ldm r6, {r3, r4, r6, r7, r9, r10, r11, r12}     /* x8, x9 and, to be moved, x10-x15 */
    str r6, [sp, #OUT10]
    str r7, [sp, #OUT11]
    str r12, [sp, #OUT15]
    eor x12, r9, r0
    eor x13, r10, r1
    eor x14, r11, r8
    ldr r0, [sp, #H]
    ldr r1, [r0, #24]
    ldr x0, [r0]
    ldr x1, [r0, #4]
    ldr x2, [r0, #8]
    ldr x3, [r0, #12]
    ldr x4, [r0, #16]
    ldr x5, [r0, #20]
    ldr x7, [r0, #28]
    str r1, [sp, #OUT6]

    /* Section 2.7. In the first round nothing is pending. */
    round 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0
    round 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3
    round 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4
    round 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8
    round 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13
    round 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9
    round 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11
    round 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10
    round 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5
    round 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0

    /* h[i] ^= x[i] ^ x[i + 8] */
    ldr r0, [sp, #H]
    eor x0, x0, x8
    eor x1, x1, x9
    ldr r1, [r0]
    ldr r3, [r0, #4]
    eor x0, x0, r1
    eor x1, x1, r3
    str x0, [r0]
    str x1, [r0, #4]
    ldr r1, [sp, #OUT10]
    ldr r3, [sp, #OUT11]
    ldr r6, [r0, #8]
    ldr r7, [r0, #12]
    eor x2, x2, r1
    eor x3, x3, r3
    eor r6, r6, x2
    eor r7, r7, x3
    str r6, [r0, #8]
    str r7, [r0, #12]
    ldr r1, [r0, #16]
    ldr r3, [r0, #20]
    ldr r6, [r0, #24]
    ldr r7, [r0, #28]
    ldr r8, [sp, #OUT6]
    ldr r9, [sp, #OUT15]
    eor r1, r1, x4, ror #7
    eor r3, r3, x5, ror #7
    eor r6, r6, r8, ror #7
    eor r7, r7, x7, ror #7
    eor r1, r1, x12, ror #8
    eor r3, r3, x13, ror #8
    eor r6, r6, x14, ror #8
    eor r7, r7, r9, ror #8
    ldr r2, [sp, #NBLOCKS]
    str r1, [r0, #16]
    str r3, [r0, #20]
    str r6, [r0, #24]
    str r7, [r0, #28]
    subs r2, r2, #1
    str r2, [sp, #NBLOCKS]
    bne .Lblock

    /* r2 = 0. No word of the message or of the state stays. */
    .set word, 0
    .rept SECRET_WORDS
    str r2, [sp, #word]
    .set word, word + 4
    .endr
    mov r0, r2
    mov r1, r2
    mov r3, r2
    mov r12, r2
    mov lr, r2
    add sp, sp, #FRAME + 16
    pop {r4-r11, pc}
    .size wg_blake2s_core, . - wg_blake2s_core
