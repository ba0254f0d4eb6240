/* SPDX-License-Identifier: MIT */
/* BLAKE2s (RFC 7693 section 3.2) for Xtensa with register windows. A rotation is SSAI (the amount, into
 * SAR) and SRC (the funnel shift); the four G of a column or diagonal step go side by side, so that one
 * SSAI serves four rotations. Of the 16 words of v 13 stay in registers and one register is free: a0 is
 * left alone, as a debugger reads it to find the callers. The order of the message words (section 2.7)
 * is in the code. */
    .set M, 0                           /* on the stack: the message, */
    .set V9, 64                         /* three words of v, */
    .set V10, 68
    .set V11, 72
    .set H, 76                          /* arguments */
    .set BLOCKS, 80
    .set NBLOCKS, 84
    .set T, 88
    .set INC, 92
    .set F0, 96

/* a += b + message word; d = (d ^ a) turned by SAR */
    .macro mix a, b, d, word
    l32i a3, a1, M + 4 * \word
    add \a, \a, \b
    add \a, \a, a3
    xor \d, \d, \a
    src \d, \d, \d
    .endm

/* c += d; b = (b ^ c) turned by SAR, c in v8's register or on the stack */
    .macro shift c, d, b
    .ifc \c, a2
    add a2, a2, \d
    xor \b, \b, a2
    .else
    l32i a3, a1, \c
    add a3, a3, \d
    s32i a3, a1, \c
    xor \b, \b, a3
    .endif
    src \b, \b, \b
    .endm

    .macro steps i0, i1, i2, i3, i4, i5, i6, i7, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3
    ssai 16
    mix a4, \b0, \d0, \i0
    mix a5, \b1, \d1, \i2
    mix a6, \b2, \d2, \i4
    mix a7, \b3, \d3, \i6
    ssai 12
    shift \c0, \d0, \b0
    shift \c1, \d1, \b1
    shift \c2, \d2, \b2
    shift \c3, \d3, \b3
    ssai 8
    mix a4, \b0, \d0, \i1
    mix a5, \b1, \d1, \i3
    mix a6, \b2, \d2, \i5
    mix a7, \b3, \d3, \i7
    ssai 7
    shift \c0, \d0, \b0
    shift \c1, \d1, \b1
    shift \c2, \d2, \b2
    shift \c3, \d3, \b3
    .endm

/* v0-v7 are a4-a11, v8 is a2, v12-v15 are a12-a15 */
    .macro round s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15
    steps \s0, \s1, \s2, \s3, \s4, \s5, \s6, \s7, a8, a9, a10, a11, a2, V9, V10, V11, a12, a13, a14, a15
    steps \s8, \s9, \s10, \s11, \s12, \s13, \s14, \s15, a9, a10, a11, a8, V10, V11, a2, V9, a15, a12, a13, a14
    .endm

/* void wg_blake2s_core(uint32_t h[8], const uint8_t *blocks, size_t nblocks, uint32_t t[2], uint32_t inc,
 *                      uint32_t f0) */
    .section .text.wg_blake2s_core, "ax"
    .literal_position
    .global wg_blake2s_core
    .type wg_blake2s_core, @function
    .p2align 2
wg_blake2s_core:
    entry a1, 144
    beqz a4, .Lreturn
    s32i a2, a1, H
    s32i a5, a1, T
    s32i a6, a1, INC
    s32i a7, a1, F0

.Lblock:                                /* a3: the block, a4: how many are left */
    s32i a4, a1, NBLOCKS
    l32i a5, a1, T
    l32i a6, a1, INC
    l32i a7, a5, 0
    add a7, a7, a6
    s32i a7, a5, 0
    bgeu a7, a6, 1f                     /* how long a message is, is public */
    l32i a7, a5, 4
    addi a7, a7, 1
    s32i a7, a5, 4
1:  ssa8l a3                            /* and where it lies */
    srli a5, a3, 2
    slli a5, a5, 2
    beq a5, a3, 2f
    l32i a6, a5, 0
    .irp n, 0, 2, 4, 6, 8, 10, 12, 14
    l32i a7, a5, 4 * \n + 4
    src a8, a7, a6
    s32i a8, a1, M + 4 * \n
    l32i a6, a5, 4 * \n + 8
    src a8, a6, a7
    s32i a8, a1, M + 4 * \n + 4
    .endr
    j 3f
2:  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    l32i a6, a3, 4 * \n
    s32i a6, a1, M + 4 * \n
    .endr
3:  addi a3, a3, 64
    s32i a3, a1, BLOCKS
    l32i a2, a1, T
    movi a12, 0x510e527f
    movi a13, 0x9b05688c
    movi a14, 0x1f83d9ab
    movi a15, 0x5be0cd19
    l32i a3, a2, 0
    xor a12, a12, a3
    l32i a3, a2, 4
    xor a13, a13, a3
    l32i a3, a1, F0
    xor a14, a14, a3
    movi a3, 0xbb67ae85
    s32i a3, a1, V9
    movi a3, 0x3c6ef372
    s32i a3, a1, V10
    movi a3, 0xa54ff53a
    s32i a3, a1, V11
    l32i a3, a1, H
    movi a2, 0x6a09e667
    l32i a4, a3, 0
    l32i a5, a3, 4
    l32i a6, a3, 8
    l32i a7, a3, 12
    l32i a8, a3, 16
    l32i a9, a3, 20
    l32i a10, a3, 24
    l32i a11, a3, 28

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

    xor a4, a4, a2
    l32i a3, a1, V9
    xor a5, a5, a3
    l32i a3, a1, V10
    xor a6, a6, a3
    l32i a3, a1, V11
    xor a7, a7, a3
    xor a8, a8, a12
    xor a9, a9, a13
    xor a10, a10, a14
    xor a11, a11, a15
    l32i a3, a1, H
    l32i a2, a3, 0
    xor a4, a4, a2
    s32i a4, a3, 0
    l32i a2, a3, 4
    xor a5, a5, a2
    s32i a5, a3, 4
    l32i a2, a3, 8
    xor a6, a6, a2
    s32i a6, a3, 8
    l32i a2, a3, 12
    xor a7, a7, a2
    s32i a7, a3, 12
    l32i a2, a3, 16
    xor a8, a8, a2
    s32i a8, a3, 16
    l32i a2, a3, 20
    xor a9, a9, a2
    s32i a9, a3, 20
    l32i a2, a3, 24
    xor a10, a10, a2
    s32i a10, a3, 24
    l32i a2, a3, 28
    xor a11, a11, a2
    s32i a11, a3, 28
    l32i a4, a1, NBLOCKS
    l32i a3, a1, BLOCKS
    addi a4, a4, -1
    beqz a4, 4f
    j .Lblock

4:  mov a2, a1                          /* nothing is left on the stack and in registers */
    .irp n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movi a\n, 0
    .endr
    movi a3, 19
    loop a3, 5f
    s32i a5, a2, 0
    addi a2, a2, 4
5:
.Lreturn:
    retw
    .size wg_blake2s_core, . - wg_blake2s_core
