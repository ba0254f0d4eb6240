/* SPDX-License-Identifier: MIT */
/* void machine_call(void (*work)(void), uint8_t *stack, size_t stack_bytes): the work on that stack, with
 * zeros in all registers of all windows, so that what is saved of them on its stack is always the same.
 * MOVSP takes care of this function's caller. */
    .section .text.machine_call, "ax"
    .literal_position
    .global machine_call
    .type machine_call, @function
    .p2align 2
machine_call:
    entry a1, 48
    add a4, a3, a4
    srli a4, a4, 4
    slli a4, a4, 4
    mov a7, a1
    movsp a1, a4
    mov a3, a2
    call8 machine_spill                 /* now no window but this one is in use */
    rsr a5, PS
    movi a6, 0x40000
    xor a6, a6, a5
    wsr a6, PS                          /* no window exceptions: every register can be reached */
    rsync
    .rept 3
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    movi a\n, 0
    .endr
    rotw 2
    .endr
    rotw -6
    wsr a5, PS
    rsync
    .irp n, 2, 4, 5, 6
    movi a\n, 0
    .endr
    callx8 a3
    movsp a1, a7
    retw
