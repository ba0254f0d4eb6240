/* SPDX-License-Identifier: MIT */
    .syntax unified
    .thumb

    .equ OUT, 0
    .equ SCALAR, 4
    .equ INDEX, 8
    .equ PREVIOUS, 12
    .equ BASE, 16
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
    .equ BELOW, 176                     /* fe_mul's and fe_sqr's stack */

/* (b, v) = a * b, high and low word. Destroys a, t, u. */
    .macro mul32 a, b, t, u, v
    uxth \t, \a
    lsrs \a, \a, #16
    uxth \u, \b
    lsrs \b, \b, #16
    movs \v, \t
    muls \v, \u, \v
    muls \t, \b, \t
    muls \u, \a, \u
    muls \b, \a, \b
    lsls \a, \t, #16
    lsrs \t, \t, #16
    adds \v, \v, \a
    adcs \b, \t
    lsls \a, \u, #16
    lsrs \u, \u, #16
    adds \v, \v, \a
    adcs \b, \u
    .endm

/* (a, v) = a * a. Destroys t, u. */
    .macro sqr32 a, v, t, u
    uxth \v, \a
    lsrs \a, \a, #16
    movs \t, \v
    muls \t, \a, \t
    muls \v, \v, \v
    muls \a, \a, \a
    lsls \u, \t, #17
    lsrs \t, \t, #15
    adds \v, \v, \u
    adcs \a, \t
    .endm

/* t3, t2, b0, b1 = (a0, a1) * (b0, b1), lowest word first. Destroys the rest and r8-r11. */
    .macro mul64 a0, a1, b0, b1, t0, t1, t2, t3
    subs \t0, \a0, \a1
    sbcs \t1, \t1
    eors \t0, \t1
    subs \t0, \t0, \t1
    subs \t2, \b1, \b0
    sbcs \t3, \t3
    eors \t2, \t3
    subs \t2, \t2, \t3
    eors \t1, \t3
    mov r8, \t1
    mov r9, \b1
    mul32 \t0, \t2, \t1, \t3, \b1
    mov r10, \b1
    mov r11, \t2
    mul32 \a0, \b0, \t0, \t1, \t3
    mov \b1, r9
    mul32 \a1, \b1, \t0, \t1, \t2
    movs \a0, #0
    adds \b0, \b0, \t2
    adcs \b1, \a0
    adds \t2, \t3, \b0
    adcs \b0, \b1
    adcs \b1, \a0
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

/* t2, t3, a0, a1 = the square of (a0, a1). */
    .macro sqr64 a0, a1, t0, t1, t2, t3, t4, t5
    subs \t0, \a0, \a1
    sbcs \t1, \t1
    eors \t0, \t1
    subs \t0, \t0, \t1
    sqr32 \t0, \t1, \t2, \t3
    sqr32 \a0, \t2, \t3, \t4
    sqr32 \a1, \t3, \t4, \t5
    movs \t4, #0
    adds \a0, \a0, \t3
    adcs \a1, \t4
    adds \t3, \t2, \a0
    adcs \a0, \a1
    adcs \a1, \t4
    subs \t3, \t3, \t1
    sbcs \a0, \t0
    sbcs \a1, \t4
    .endm

    /* r0-r7: middle of Karatsuba */
    .macro middle128
    adds r4, r4, r2
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

    /* r4-r7, r3 = |(r0-r3) - (r4-r7)| ... */
    .macro mul128 to, load_b=1
    mov r0, r12
    ldm r0, {r0-r3}
    subs r0, r0, r2
    sbcs r1, r3
    sbcs r2, r2
    eors r0, r2
    eors r1, r2
    subs r0, r0, r2
    sbcs r1, r2
    .if \load_b
    mov r4, lr
    ldm r4, {r4-r7}
    .endif
    subs r6, r6, r4
    sbcs r7, r5
    sbcs r3, r3
    eors r6, r3
    eors r7, r3
    subs r6, r6, r3
    sbcs r7, r3
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
    stm r0!, {r4-r7}
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
    pop {r2}
    eors r2, r3
    adcs r0, r2
    pop {r2}
    eors r2, r3
    adcs r1, r2
    pop {r2}
    eors r2, r3
    adcs r4, r2
    pop {r2}
    eors r2, r3
    adcs r5, r2
    adcs r6, r3
    adcs r7, r3
    add sp, #4
    add r2, sp, #\to + 8
    stm r2!, {r0, r1, r4-r7}
    .endm

    .macro sqr128 to, load=1
    .if \load
    mov r0, r12
    ldm r0, {r0-r3}
    .endif
    subs r0, r0, r2
    sbcs r1, r3
    sbcs r2, r2
    eors r0, r2
    eors r1, r2
    subs r0, r0, r2
    sbcs r1, r2
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
    stm r0!, {r4-r7}
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

    .equ Z2, 0
    .equ Z0, 32
    .equ DD, 64
    .equ DB, 96
    .equ DA, 112
    .equ MM, 128
    .equ PA, 132
    .equ PB, 136
    .equ PO, 140

    /* one word of the reduction: r1 += 38 r0 + r3, carry in r3 */
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

    .macro fold w, t
    ldr r0, [sp, #\w]
    ldr r1, [sp, #\t]
    times38
    stm r4!, {r1}
    .endm

    .text
    .balign 4
    .type fe_mul, %function
fe_mul:
    push {r0-r2, lr}
    mov lr, r1
    ldm r0, {r0-r7}
    subs r0, r0, r4
    sbcs r1, r5
    sbcs r2, r6
    sbcs r3, r7
    sbcs r4, r4
    eors r0, r4
    eors r1, r4
    eors r2, r4
    eors r3, r4
    subs r0, r0, r4
    sbcs r1, r4
    sbcs r2, r4
    sbcs r3, r4
    push {r0-r4}
    mov r12, sp
    mov r0, lr
    ldm r0, {r0-r7}
    subs r4, r4, r0
    sbcs r5, r1
    sbcs r6, r2
    sbcs r7, r3
    sbcs r0, r0
    eors r4, r0
    eors r5, r0
    eors r6, r0
    eors r7, r0
    subs r4, r4, r0
    sbcs r5, r0
    sbcs r6, r0
    sbcs r7, r0
    ldr r1, [sp, #16]
    eors r1, r0
    str r1, [sp, #16]
    push {r4-r7}
    mov lr, sp
    sub sp, #96
    mul128 DD, 0
    ldr r0, [sp, #PA]
    mov r12, r0
    ldr r0, [sp, #PB]
    mov lr, r0
    mul128 Z0
    mov r0, r12
    adds r0, #8
    mov r12, r0
    mov r0, lr
    adds r0, #8
    mov lr, r0
    mul128 Z2
    /* u */
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
    /* T1 = z0l + u */
    add r4, sp, #Z0
    ldm r4, {r4-r7}
    adds r4, r4, r0
    adcs r5, r1
    adcs r6, r2
    adcs r7, r3
    movs r0, #0
    adcs r0, r0
    mov lr, r0
    ldr r1, [sp, #MM]
    lsrs r0, r1, #1
    ldr r0, [sp, #DD]
    eors r0, r1
    adcs r4, r0
    ldr r0, [sp, #DD + 4]
    eors r0, r1
    adcs r5, r0
    ldr r0, [sp, #DD + 8]
    eors r0, r1
    adcs r6, r0
    ldr r0, [sp, #DD + 12]
    eors r0, r1
    adcs r7, r0
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
    ldr r2, [sp, #DD + 16]
    eors r2, r1
    adcs r4, r2
    ldr r2, [sp, #DD + 20]
    eors r2, r1
    adcs r5, r2
    ldr r2, [sp, #DD + 24]
    eors r2, r1
    adcs r6, r2
    ldr r2, [sp, #DD + 28]
    eors r2, r1
    adcs r7, r2
    adcs r0, r1
    b reduce
    .size fe_mul, . - fe_mul

    .balign 4
    .type fe_sqr, %function
fe_sqr:
    push {r0-r2, lr}
    ldm r0, {r0-r7}
    subs r0, r0, r4
    sbcs r1, r5
    sbcs r2, r6
    sbcs r3, r7
    sbcs r4, r4
    eors r0, r4
    eors r1, r4
    eors r2, r4
    eors r3, r4
    subs r0, r0, r4
    sbcs r1, r4
    sbcs r2, r4
    sbcs r3, r4
    push {r0-r4}
    mov r12, sp
    sub sp, #112
    sqr128 DD, 0
    ldr r0, [sp, #PA]
    mov r12, r0
    sqr128 Z0
    mov r0, r12
    adds r0, #8
    mov r12, r0
    sqr128 Z2
    /* u */
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
    /* T1 = z0l + u */
    add r4, sp, #Z0
    ldm r4, {r4-r7}
    adds r4, r4, r0
    adcs r5, r1
    adcs r6, r2
    adcs r7, r3
    movs r0, #0
    adcs r0, r0
    mov lr, r0
    add r0, sp, #DD
    ldm r0, {r0-r3}
    subs r4, r4, r0
    sbcs r5, r1
    sbcs r6, r2
    sbcs r7, r3
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
    ldr r1, [sp, #DD + 16]
    sbcs r4, r1
    ldr r1, [sp, #DD + 20]
    sbcs r5, r1
    ldr r1, [sp, #DD + 24]
    sbcs r6, r1
    ldr r1, [sp, #DD + 28]
    sbcs r7, r1
    sbcs r0, r2
    /* r4-r7 T2, r0 e, r8 cu, T1 at Z2 */
reduce:
    mov r9, r0
    add r2, sp, #Z0 + 16
    stm r2!, {r4-r7}
    ldr r4, [sp, #PO]
    movs r5, #38
    movs r6, #0
    /* top */
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
    fold Z0 + 16, Z0
    fold Z0 + 20, Z0 + 4
    fold Z0 + 24, Z0 + 8
    fold Z0 + 28, Z0 + 12
    mov r0, r9
    muls r0, r5, r0
    adds r3, r3, r0
    fold Z2 + 16, Z2
    fold Z2 + 20, Z2 + 4
    fold Z2 + 24, Z2 + 8
    adds r7, r7, r3
    str r7, [r4]
    add sp, #144
    pop {pc}
    .size fe_sqr, . - fe_sqr

/* Every call takes pointers to slots. */
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

/* [r2] = [r0] + [r1] or [r0] - [r1], both tight. What carries out of 2^256 is 38, a borrow is
   -38. That does not carry once more: a sum of 2^256 or more leaves less than 2^232, a difference
   below 0 more than 2^256 - 2^255 - 2^231. */
    .macro sum_of first, next, carry
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
    sum_of adds, adcs, carry_of_add
    .size fe_add, . - fe_add

    .type fe_sub, %function
fe_sub:
    sum_of subs, sbcs, carry_of_sub
    .size fe_sub, . - fe_sub

/* [r0] = [r1] where the mask r2 has ones. */
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

/* One word of a24: r1 += 121665 r0 + r4, carry in r4; 121665 = 2^16 + r5. Destroys r0, r2, r3. */
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

/* D = A + 121665 C */
    .macro a24_word i
    ldr r0, [sp, #C + 4 * \i]
    ldr r1, [sp, #A + 4 * \i]
    times121665
    str r1, [sp, #D + 4 * \i]
    .endm

    .macro a24
    ldr r5, =121665 - 65536
    movs r6, #0
    movs r4, #0
    ldr r0, [sp, #C + 28]
    ldr r1, [sp, #A + 28]
    times121665
    adds r1, r1, r1
    adcs r4, r4
    lsrs r7, r1, #1
    movs r0, #19
    muls r4, r0, r4
    a24_word 0
    a24_word 1
    a24_word 2
    a24_word 3
    a24_word 4
    a24_word 5
    a24_word 6
    adds r7, r7, r4
    str r7, [sp, #D + 28]
    .endm

/* r1 = 9 r1 + r4, carry in r4 */
    .macro times9
    lsls r0, r1, #3
    lsrs r2, r1, #29
    adds r1, r1, r0
    adcs r2, r6
    adds r1, r1, r4
    adcs r2, r6
    movs r4, r2
    .endm

    .macro nine_word i
    ldr r1, [sp, #Q + 4 * \i]
    times9
    str r1, [sp, #D + 4 * \i]
    .endm

    .macro nine
    movs r6, #0
    movs r4, #0
    ldr r1, [sp, #Q + 28]
    times9
    adds r1, r1, r1
    adcs r4, r4
    lsrs r7, r1, #1
    movs r0, #19
    muls r4, r0, r4
    nine_word 0
    nine_word 1
    nine_word 2
    nine_word 3
    nine_word 4
    nine_word 5
    nine_word 6
    adds r7, r7, r4
    str r7, [sp, #D + 28]
    .endm

    .macro copy_bytes
1:  ldrb r2, [r1, r3]
    strb r2, [r0, r3]
    adds r3, #1
    cmp r3, #32
    bne 1b
    .endm

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
    str r2, [sp, #BASE]
    /* C = 0, A = 1 ... */
    movs r0, #0
    movs r1, #9
    str r1, [sp, #X1]
    movs r1, #1
    str r1, [sp, #B]
    movs r3, #7
    add r1, sp, #X1
    add r4, sp, #B
1:  lsls r5, r3, #2
    str r0, [r1, r5]
    str r0, [r4, r5]
    subs r3, #1
    bne 1b
    cmp r2, #0
    beq 2f
    add r0, sp, #X1
    mov r1, r2
    movs r3, #0
    copy_bytes
    ldr r0, [sp, #X1 + 28]
    lsls r0, r0, #1
    lsrs r0, r0, #1
    str r0, [sp, #X1 + 28]
2:  movs r0, #255
    str r0, [sp, #INDEX]
    movs r0, #0
    str r0, [sp, #PREVIOUS]
    binary fe_add, X1, B, A
    binary fe_sub, X1, B, B
    b ladder_next

ladder_add:
    binary fe_mul, D, A, T
    binary fe_mul, C, B, Q
    binary fe_add, T, Q, P
    binary fe_sub, T, Q, Q
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
    str r2, [sp, #COUNT]
    add r0, sp, #A
    add r1, sp, #C
    bl fe_select
    add r0, sp, #B
    add r1, sp, #D
    ldr r2, [sp, #COUNT]
    bl fe_select
    square A, A
    square B, B
    binary fe_sub, A, B, C
    a24
    binary fe_mul, A, B, T
    binary fe_mul, C, D, B
    ldr r3, [sp, #INDEX]
    cmp r3, #0
    bne 1f
    b divide
1:
    binary fe_add, T, B, A
    binary fe_sub, T, B, B
    ldr r3, [sp, #INDEX]
    cmp r3, #254
    beq to_first_pair
    cmp r3, #3
    bhs 3f
to_next:
    b ladder_next
to_first_pair:
    b first_pair
3:  square P, T
    square Q, Q
    ldr r0, [sp, #BASE]
    cmp r0, #0
    bne 1f
    nine
    b 2f
1:  binary fe_mul, Q, X1, D
2:  binary fe_add, T, D, C
    binary fe_sub, T, D, D
ladder_next:
    ldr r3, [sp, #INDEX]
    subs r3, #1
    str r3, [sp, #INDEX]
    subs r3, #3
    cmp r3, #251
    blo to_add
    ldr r2, [sp, #PREVIOUS]
    negs r2, r2
    movs r3, #0
    str r3, [sp, #PREVIOUS]
    b ladder_double
to_add:
    b ladder_add

    /* The other point is the point itself: C, D = x1 + 1, x1 - 1. */
first_pair:
    movs r0, #1
    str r0, [sp, #PREVIOUS]
    movs r1, #0
    str r0, [sp, #P]
    str r1, [sp, #P + 4]
    str r1, [sp, #P + 8]
    str r1, [sp, #P + 12]
    str r1, [sp, #P + 16]
    str r1, [sp, #P + 20]
    str r1, [sp, #P + 24]
    str r1, [sp, #P + 28]
    binary fe_add, X1, P, C
    binary fe_sub, X1, P, D
    b ladder_next
    .pool

divide:
    /* T / B */
    add r0, sp, #B
    add r1, sp, #X1
    ldm r0!, {r2-r5}
    stm r1!, {r2-r5}
    ldm r0!, {r2-r5}
    stm r1!, {r2-r5}
    add r0, sp, #T
    add r1, sp, #A
    ldm r0!, {r2-r5}
    stm r1!, {r2-r5}
    ldm r0!, {r2-r5}
    stm r1!, {r2-r5}
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

    /* Below p */
    ldr r0, [sp, #B + 28]
    lsrs r2, r0, #31
    lsls r0, r0, #1
    lsrs r0, r0, #1
    str r0, [sp, #B + 28]
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
    movs r3, #0
    copy_bytes
    /* wipe */
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

/* [r4] = [r1] + r0, r3 = its last word. */
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

    .macro row squarings, from, factor, to
    .byte \squarings, \from / 4, \factor / 4, \to / 4
    .endm
    .balign 4
division:
    row 0, X1, X1, B                    /* 2 */
    row 2, B, X1, C                     /* 9 */
    row 0, C, B, D                      /* 11 */
    row 1, D, C, P                      /* T5 */
    row 5, P, P, Q                      /* T10 */
    row 10, Q, Q, P                     /* T20 */
    row 20, P, P, B                     /* T40 */
    row 10, B, Q, P                     /* T50 */
    row 50, P, P, Q                     /* T100 */
    row 100, Q, Q, B                    /* T200 */
    row 50, B, P, B                     /* T250 */
    row 5, B, D, B                      /* 2^255 - 21 */
    row 0, B, A, B
    .equ DIVISION_ROWS, (. - division) / 4

