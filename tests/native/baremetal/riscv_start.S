/* SPDX-License-Identifier: MIT */
/* RV32: from reset to main, QEMU's semihosting, and the call on another stack. */
    .option arch, +zicsr
    .section .text.reset, "ax"
    .global reset
reset:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, stack_top
    la t0, fault
    csrw mtvec, t0
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 1b
2:  call main
    j machine_exit

/* uintptr_t machine_semihost(uintptr_t operation, const void *argument): the sequence that QEMU knows
 * may not be compressed, nor lie across a page. */
    .section .text.machine_semihost, "ax"
    .global machine_semihost
    .p2align 4
    .option push
    .option norvc
machine_semihost:
    slli x0, x0, 0x1f
    ebreak
    srai x0, x0, 7
    ret
    .option pop

/* void machine_call(void (*work)(void), uint8_t *stack, size_t stack_bytes): with zeros in all other
 * registers, so that what the work saves of them on its stack is always the same. */
    .section .text.machine_call, "ax"
    .global machine_call
    .type machine_call, @function
machine_call:
    addi sp, sp, -64
    sw ra, 0(sp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    sw s\n, (4 + 4 * \n)(sp)
    .endr
    mv s0, sp
    add sp, a1, a2
    andi sp, sp, -16
    mv ra, a0
    .irp r, a0, a1, a2, a3, a4, a5, a6, a7, t0, t1, t2, t3, t4, t5, t6
    li \r, 0
    .endr
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    li s\n, 0
    .endr
    jalr ra                     /* keeps s0 */
    mv sp, s0
    lw ra, 0(sp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    lw s\n, (4 + 4 * \n)(sp)
    .endr
    addi sp, sp, 64
    ret
    .size machine_call, . - machine_call

    .section .text.fault, "ax"
    .p2align 2
fault:
    la sp, stack_top
    j machine_fault
