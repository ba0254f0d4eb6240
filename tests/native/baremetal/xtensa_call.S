/* SPDX-License-Identifier: MIT */
/* void machine_call(void (*work)(void), uint8_t *stack, size_t stack_bytes): the work on that stack, with
 * zeros in all registers that its window shows. MOVSP takes care of this function's caller. */
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
    .irp n, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15
    movi a\n, 0
    .endr
    callx8 a3
    movsp a1, a7
    retw
