/* SPDX-License-Identifier: MIT */
/* BLAKE2s compression (RFC 7693 section 3.2) for ARMv6-M: Cortex-M0, M0+, M1; runs on all later
   ones. It multiplies nothing and branches on the number of blocks and their alignment only.

   G (section 3.1) works on r0-r3. r4-r6 are its amounts of rotation; r7 holds a message word or,
   set anew each time, the fourth amount. Of the other twelve words of the state six are in high
   registers and the rest in the frame, in the order in which the next G loads them, most by LDM.
   Where the last G of the columns or diagonals and the next one share a word it stays: x15 in r3
   before the diagonals, x4 in r1 before the columns.

   The message is copied to the frame, where sp is its pointer. Which word goes where is in the
   code: all ten rounds are unrolled. */

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    /* Before the columns; before the diagonals a high register has the second name. */
    x0 .req r8
    x1 .req r9
    x5 .req r10
    x8 .req r11
    x6 .req r11
    x12 .req r12
    x10 .req r12
    x9 .req lr
    x11 .req lr

    /* The frame. */
    .equ M, 0                   /* the message */
    .equ COLUMN2, 64            /* x2, x6, x10, x14, before the columns */
    .equ COLUMN3, 80            /* x3, x7, x11, x15 */
    .equ COLUMN1_D, 96          /* x13 */
    .equ DIAGONAL1_D, 100       /* x12, before the diagonals */
    .equ DIAGONAL2, 104         /* x2, x7, x8, x13 */
    .equ DIAGONAL3, 120         /* x3, x4, x9, x14 */
    .equ SECRET_WORDS, 34       /* even */
    .equ FRAME, 136             /* above it r4-r11 and lr, the arguments: 188 bytes */
    .equ H, 172
    .equ BLOCKS, 176
    .equ NBLOCKS, 180
    .equ T, 184
    .equ INC, 188
    .equ F0, 192

    .macro amounts
    movs r4, #16
    movs r5, #12
    movs r6, #8
    .endm

    .macro g x, y
    ldr r7, [sp, #M + 4 * \x]
    adds r0, r0, r1
    adds r0, r0, r7
    eors r3, r0
    rors r3, r4
    adds r2, r2, r3
    eors r1, r2
    rors r1, r5
    ldr r7, [sp, #M + 4 * \y]
    adds r0, r0, r1
    adds r0, r0, r7
    eors r3, r0
    rors r3, r6
    adds r2, r2, r3
    movs r7, #7
    eors r1, r2
    rors r1, r7
    .endm

    .macro load4 slot
    add r0, sp, #\slot
    ldmia r0, {r0-r3}
    .endm

    .macro round s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15
    mov r0, x0
    mov r2, x8
    mov r3, x12
    g \s0, \s1
    mov x0, r0
    str r1, [sp, #DIAGONAL3 + 4]
    str r2, [sp, #DIAGONAL2 + 8]
    str r3, [sp, #DIAGONAL1_D]
    mov r0, x1
    mov r1, x5
    mov r2, x9
    ldr r3, [sp, #COLUMN1_D]
    g \s2, \s3
    mov x1, r0
    mov x5, r1
    str r2, [sp, #DIAGONAL3 + 8]
    str r3, [sp, #DIAGONAL2 + 12]
    load4 COLUMN2
    g \s4, \s5
    str r0, [sp, #DIAGONAL2]
    mov x6, r1
    mov x10, r2
    str r3, [sp, #DIAGONAL3 + 12]
    load4 COLUMN3
    g \s6, \s7
    str r0, [sp, #DIAGONAL3]
    str r1, [sp, #DIAGONAL2 + 4]
    mov x11, r2

    mov r0, x0
    mov r1, x5
    mov r2, x10
    g \s8, \s9
    mov x0, r0
    mov x5, r1
    str r2, [sp, #COLUMN2 + 8]
    str r3, [sp, #COLUMN3 + 12]
    mov r0, x1
    mov r1, x6
    mov r2, x11
    ldr r3, [sp, #DIAGONAL1_D]
    g \s10, \s11
    mov x1, r0
    str r1, [sp, #COLUMN2 + 4]
    str r2, [sp, #COLUMN3 + 8]
    mov x12, r3
    load4 DIAGONAL2
    g \s12, \s13
    str r0, [sp, #COLUMN2]
    str r1, [sp, #COLUMN3 + 4]
    mov x8, r2
    str r3, [sp, #COLUMN1_D]
    load4 DIAGONAL3
    g \s14, \s15
    str r0, [sp, #COLUMN3]
    mov x9, r2
    str r3, [sp, #COLUMN2 + 12]
    .endm

    /* h[i] ^= a ^ b; r4 points to h. */
    .macro feed i, a, b
    ldr r0, [r4, #4 * \i]
    eors r0, \a
    eors r0, \b
    str r0, [r4, #4 * \i]
    .endm

    .text
    .balign 4

/* The initial value (section 2.6). */
.Liv:
    .word 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a
    .word 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19

    /* Part of the function: 16 words from r0, which is not aligned, to r1. */
.Lunaligned:
    movs r4, #16
1:  ldrb r2, [r0]
    ldrb r3, [r0, #1]
    lsls r3, r3, #8
    orrs r2, r3
    ldrb r3, [r0, #2]
    lsls r3, r3, #16
    orrs r2, r3
    ldrb r3, [r0, #3]
    lsls r3, r3, #24
    orrs r2, r3
    stmia r1!, {r2}
    adds r0, #4
    subs r4, #1
    bne 1b
    b .Lcopied

/* void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2],
                        uint32_t inc, uint32_t f0) */
    .global wg_blake2s_core
    .type wg_blake2s_core, %function
wg_blake2s_core:
    cmp r2, #0
    bne 1f
    bx lr
1:  push {r0-r3}
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, sp, #FRAME

.Lblock:
    ldr r0, [sp, #BLOCKS]
    mov r1, sp
    lsls r2, r0, #30
    bne .Lunaligned
    .rept 3
    ldmia r0!, {r2-r6}
    stmia r1!, {r2-r6}
    .endr
    ldr r2, [r0]
    str r2, [r1]
    adds r0, #4
.Lcopied:
    str r0, [sp, #BLOCKS]

    ldr r4, [sp, #T]
    ldr r5, [sp, #INC]
    ldr r6, [sp, #F0]
    ldmia r4!, {r0, r1}
    movs r2, #0
    adds r0, r0, r5
    adcs r1, r2
    subs r4, #8
    stmia r4!, {r0, r1}
    mov r7, pc                  /* this instruction's address and 4 */
1:  subs r7, #1b + 2 - .Liv
    ldmia r7!, {r2, r3, r4, r5}
    mov x8, r2
    mov x9, r3
    str r4, [sp, #COLUMN2 + 8]
    str r5, [sp, #COLUMN3 + 8]
    ldmia r7!, {r2, r3, r4, r5}
    eors r2, r0
    eors r3, r1
    eors r4, r6
    mov x12, r2
    str r3, [sp, #COLUMN1_D]
    str r4, [sp, #COLUMN2 + 12]
    str r5, [sp, #COLUMN3 + 12]
    ldr r7, [sp, #H]
    ldmia r7!, {r2, r3, r4, r5}
    mov x0, r2
    mov x1, r3
    str r4, [sp, #COLUMN2]
    str r5, [sp, #COLUMN3]
    ldmia r7!, {r1, r3, r4, r5}     /* x4 stays in r1 */
    mov x5, r3
    str r4, [sp, #COLUMN2 + 4]
    str r5, [sp, #COLUMN3 + 4]
    amounts

    /* Section 2.7. */
    round 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
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
    ldr r4, [sp, #H]
    mov r2, x12
    feed 4, r1, r2
    mov r1, x0
    mov r2, x8
    feed 0, r1, r2
    mov r1, x1
    mov r2, x9
    feed 1, r1, r2
    mov r1, x5
    ldr r2, [sp, #COLUMN1_D]
    feed 5, r1, r2
    add r5, sp, #COLUMN2
    ldmia r5!, {r0-r3}
    ldr r6, [r4, #8]
    eors r6, r0
    eors r6, r2
    str r6, [r4, #8]
    ldr r6, [r4, #24]
    eors r6, r1
    eors r6, r3
    str r6, [r4, #24]
    ldmia r5!, {r0-r3}
    ldr r6, [r4, #12]
    eors r6, r0
    eors r6, r2
    str r6, [r4, #12]
    ldr r6, [r4, #28]
    eors r6, r1
    eors r6, r3
    str r6, [r4, #28]
    ldr r0, [sp, #NBLOCKS]
    subs r0, #1
    str r0, [sp, #NBLOCKS]
    beq .Ldone
    bl .Lblock                  /* out of reach of B; lr is free */

.Ldone:
    /* r0 = 0. No word of the message or of the state stays. */
    movs r1, #0
    movs r2, #0
    movs r3, #0
    mov r12, r0
    mov r4, sp
    .rept SECRET_WORDS / 4
    stmia r4!, {r0-r3}
    .endr
    .if SECRET_WORDS % 4
    stmia r4!, {r0, r1}
    .endif
    add sp, sp, #FRAME
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7}
    pop {r3}
    mov lr, r3
    add sp, sp, #16
    bx r3
    .size wg_blake2s_core, . - wg_blake2s_core
