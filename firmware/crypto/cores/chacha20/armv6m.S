/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 section 2.3) for ARMv6-M: Cortex-M0, M0+, M1; runs on all later ones. It
   multiplies nothing and branches on lengths, counts and alignments only.

   A quarter round works on r0-r3, its amounts of rotation are in r4-r7. Of the other twelve words
   six are in high registers and the rest in the frame, in the order in which the next round loads
   them, most by LDM. Where one round's last quarter and the next one's first share a word it stays:
   x15 in r3 before the diagonals, x4 in r1 before the columns.

   Of the first round only the first column depends on the block counter: the other three columns
   are computed once for a call and kept in the frame. */

    .syntax unified
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
    .equ COLUMN2, 0             /* x2, x6, x10, x14, before the columns */
    .equ COLUMN3, 16            /* x3, x7, x11, x15 */
    .equ COLUMN1_D, 32          /* x13 */
    .equ DIAGONAL1_D, 36        /* x12, before the diagonals */
    .equ DIAGONAL2, 40          /* x2, x7, x8, x13 */
    .equ DIAGONAL3, 56          /* x3, x4, x9, x14 */
    .equ FIRST2, 72             /* the same two in the first round */
    .equ FIRST3, 88
    .equ FIRST, 104             /* x1, x6, x11, x5, x10, x15 in the first round */
    .equ SECRET_WORDS, 32
    .equ STATE, 128
    .equ DST, 132
    .equ SRC, 136
    .equ NBLOCKS, 140
    .equ STREAM, 144            /* key stream for what is not aligned */
    .equ FRAME, 208             /* with r4-r11 and lr: 244 bytes */

    .macro quarter
    adds r0, r0, r1
    eors r3, r0
    rors r3, r4
    adds r2, r2, r3
    eors r1, r2
    rors r1, r5
    adds r0, r0, r1
    eors r3, r0
    rors r3, r6
    adds r2, r2, r3
    eors r1, r2
    rors r1, r7
    .endm

    /* Bits 5 and up of an amount do not count; those of r4 count the rounds. */
    .macro amounts
    movs r4, #(16 + 8 * 32) / 16
    lsls r4, r4, #4
    movs r5, #32 - 12
    movs r6, #32 - 8
    movs r7, #32 - 7
    .endm

    .macro load4 slot
    add r0, sp, #\slot
    ldmia r0, {r0-r3}
    .endm

    .macro columns
    mov r0, x0
    mov r2, x8
    mov r3, x12
    quarter
    mov x0, r0
    str r1, [sp, #DIAGONAL3 + 4]
    str r2, [sp, #DIAGONAL2 + 8]
    str r3, [sp, #DIAGONAL1_D]
    mov r0, x1
    mov r1, x5
    mov r2, x9
    ldr r3, [sp, #COLUMN1_D]
    quarter
    mov x1, r0
    mov x5, r1
    str r2, [sp, #DIAGONAL3 + 8]
    str r3, [sp, #DIAGONAL2 + 12]
    load4 COLUMN2
    quarter
    str r0, [sp, #DIAGONAL2]
    mov x6, r1
    mov x10, r2
    str r3, [sp, #DIAGONAL3 + 12]
    load4 COLUMN3
    quarter
    str r0, [sp, #DIAGONAL3]
    str r1, [sp, #DIAGONAL2 + 4]
    mov x11, r2
    .endm

    /* x0, x5, x10, x15 are in r0-r3. */
    .macro diagonals diagonal2, diagonal3
    quarter
    mov x0, r0
    mov x5, r1
    str r2, [sp, #COLUMN2 + 8]
    str r3, [sp, #COLUMN3 + 12]
    mov r0, x1
    mov r1, x6
    mov r2, x11
    ldr r3, [sp, #DIAGONAL1_D]
    quarter
    mov x1, r0
    str r1, [sp, #COLUMN2 + 4]
    str r2, [sp, #COLUMN3 + 8]
    mov x12, r3
    load4 \diagonal2
    quarter
    str r0, [sp, #COLUMN2]
    str r1, [sp, #COLUMN3 + 4]
    mov x8, r2
    str r3, [sp, #COLUMN1_D]
    load4 \diagonal3
    quarter
    str r0, [sp, #COLUMN3]
    mov x9, r2
    str r3, [sp, #COLUMN2 + 12]
    .endm

    /* r0-r3 = column i of the state at r3, after its quarter of the first round. */
    .macro first_column i
    ldr r0, [r3, #4 * \i]
    ldr r1, [r3, #4 * \i + 16]
    ldr r2, [r3, #4 * \i + 32]
    ldr r3, [r3, #4 * \i + 48]
    quarter
    .endm

    /* The output is made in pairs of words: state at r5, source at r6, destination at r7. */
    .macro add_slot d, slot
    ldr r2, [sp, #\slot]
    adds \d, \d, r2
    .endm

    .macro finish_pair
    ldmia r6!, {r2, r3}
    eors r0, r2
    eors r1, r3
    stmia r7!, {r0, r1}
    .endm

    .macro zero_stream at
    add \at, sp, #STREAM
    movs r0, #0
    movs r1, #0
    movs r2, #0
    movs r3, #0
    .rept 4
    stmia \at!, {r0-r3}
    .endr
    .endm

    .text
    .balign 4

/* void wg_chacha20_core(uint32_t state[16], uint8_t *dst, const uint8_t *src, size_t nblocks) */
    .global wg_chacha20_core
    .type wg_chacha20_core, %function
wg_chacha20_core:
    cmp r3, #0
    bne 1f
    bx lr
1:  push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    sub sp, sp, #FRAME
    str r0, [sp, #STATE]
    str r1, [sp, #DST]
    str r2, [sp, #SRC]
    str r3, [sp, #NBLOCKS]
    amounts
    mov r3, r0
    mov r8, r0
    first_column 1
    str r0, [sp, #FIRST]
    str r1, [sp, #FIRST + 12]
    str r2, [sp, #FIRST3 + 8]
    str r3, [sp, #FIRST2 + 12]
    mov r3, r8
    first_column 2
    str r0, [sp, #FIRST2]
    str r1, [sp, #FIRST + 4]
    str r2, [sp, #FIRST + 16]
    str r3, [sp, #FIRST3 + 12]
    mov r3, r8
    first_column 3
    str r0, [sp, #FIRST3]
    str r1, [sp, #FIRST2 + 4]
    str r2, [sp, #FIRST + 8]
    str r3, [sp, #FIRST + 20]

.Lblock:
    ldr r3, [sp, #STATE]
    first_column 0
    str r1, [sp, #FIRST3 + 4]
    str r2, [sp, #FIRST2 + 8]
    str r3, [sp, #DIAGONAL1_D]
    add r1, sp, #FIRST
    ldmia r1!, {r2, r3}
    mov x1, r2
    mov x6, r3
    ldmia r1!, {r2}
    mov x11, r2
    ldmia r1, {r1-r3}
    diagonals FIRST2, FIRST3
.Ldouble_round:
    columns
    mov r0, x0
    mov r1, x5
    mov r2, x10
    diagonals DIAGONAL2, DIAGONAL3
    subs r4, #32
    bmi 1f
    b .Ldouble_round

1:  mov r4, r1                          /* x4 */
    ldr r5, [sp, #STATE]
    ldr r6, [sp, #SRC]
    ldr r7, [sp, #DST]
    mov r0, r6
    orrs r0, r7
    lsls r0, r0, #30
    bne .Lunaligned
.Loutput:
    ldmia r5!, {r0, r1}
    add r0, x0
    add r1, x1
    finish_pair
    ldmia r5!, {r0, r1}
    add_slot r0, COLUMN2
    add_slot r1, COLUMN3
    finish_pair
    ldmia r5!, {r0, r1}
    adds r0, r0, r4
    add r1, x5
    finish_pair
    ldmia r5!, {r0, r1}
    add_slot r0, COLUMN2 + 4
    add_slot r1, COLUMN3 + 4
    finish_pair
    ldmia r5!, {r0, r1}
    add r0, x8
    add r1, x9
    finish_pair
    ldmia r5!, {r0, r1}
    add_slot r0, COLUMN2 + 8
    add_slot r1, COLUMN3 + 8
    finish_pair
    ldmia r5!, {r0, r1}
    adds r2, r0, #1
    subs r5, #8
    stmia r5!, {r2}
    adds r5, #4
    add r0, x12
    add_slot r1, COLUMN1_D
    finish_pair
    ldmia r5!, {r0, r1}
    add_slot r0, COLUMN2 + 12
    add_slot r1, COLUMN3 + 12
    finish_pair
    add r0, sp, #FRAME
    cmp r7, r0
    beq .Lxor
.Lnext:
    ldr r0, [sp, #NBLOCKS]
    subs r0, #1
    beq 2f
    str r0, [sp, #NBLOCKS]
    str r6, [sp, #SRC]
    str r7, [sp, #DST]
    amounts
    b .Lblock

2:  mov r1, r0                          /* zero */
    mov r2, r0
    mov r3, r0
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

/* Not aligned: the block is made of zeros in STREAM, then added to the source by halfwords or, when
   an address is odd, by bytes. */
.Lunaligned:
    zero_stream r7
    add r6, sp, #STREAM
    add r7, sp, #STREAM
    b .Loutput

.Lxor:
    add r0, sp, #STREAM
    ldr r6, [sp, #SRC]
    ldr r7, [sp, #DST]
    mov r1, r6
    orrs r1, r7
    lsls r1, r1, #31
    bne 4f
    movs r1, #62
3:  ldrh r2, [r0, r1]
    ldrh r3, [r6, r1]
    eors r2, r3
    strh r2, [r7, r1]
    subs r1, #2
    bpl 3b
    b 5f
4:  movs r1, #63
1:  ldrb r2, [r0, r1]
    ldrb r3, [r6, r1]
    eors r2, r3
    strb r2, [r7, r1]
    subs r1, #1
    bpl 1b
5:  adds r6, #64
    adds r7, #64
    zero_stream r4
    b .Lnext
    .size wg_chacha20_core, . - wg_chacha20_core
