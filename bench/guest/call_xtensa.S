/* SPDX-License-Identifier: MIT */
/* bench_call for Xtensa with register windows: see call_arm.S. Arguments are args[0..5] in registers and
 * args[6..15] on the stack. To after go a10-a15, a8, a9, where the function's own a2-a7, a0 and a1 were,
 * and then the 16 registers beyond, where windows that it called have been. */
    .section .text.bench_call, "ax"
    .global bench_call, bench_start, bench_stop
    .literal_position
    .type bench_call, @function
    .p2align 2
bench_call:
    entry a1, 48
    mov a7, a1
    mov a6, a5
    addi a4, a4, -112
    movsp a1, a4
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
    l32i a8, a2, 24 + 4 * \n
    s32i a8, a1, 4 * \n
    .endr
    call8 machine_spill                 /* all callers to the stack: every call begins alike */
    l32i a10, a2, 0
    l32i a11, a2, 4
    l32i a12, a2, 8
    l32i a13, a2, 12
    l32i a14, a2, 16
    l32i a15, a2, 20
    j bench_start
    .p2align 2
    .type bench_start, @function
bench_start:
    callx8 a3
    .type bench_stop, @function
bench_stop:
    s32i a10, a6, 0
    s32i a11, a6, 4
    s32i a12, a6, 8
    s32i a13, a6, 12
    s32i a14, a6, 16
    s32i a15, a6, 20
    s32i a8, a6, 24
    s32i a9, a6, 28
    rsr a5, PS                          /* without window exceptions: the registers as they are */
    movi a4, 0x40000
    xor a4, a4, a5
    wsr a4, PS
    rsync
    mov a15, a6
    rotw 2
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    s32i a\n, a7, 4 * \n
    .endr
    mov a15, a7
    rotw 2
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    s32i a\n, a7, 32 + 4 * \n
    .endr
    rotw -4
    wsr a5, PS
    rsync
    movsp a1, a7
    retw
    .size bench_call, . - bench_call
