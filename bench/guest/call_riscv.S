/* SPDX-License-Identifier: MIT */
/* bench_call for RV32: see call_arm.S. Arguments are a0-a7, all of args[0..7]. What a0-a7, t0-t6 and
 * sp hold when the function returns goes to after. */
    .section .text.bench_call, "ax"
    .global bench_call, bench_start, bench_stop
    .type bench_call, @function
bench_call:
    addi sp, sp, -64
    sw ra, 0(sp)
    sw s0, 4(sp)
    sw s1, 8(sp)
    sw s2, 12(sp)
    sw s3, 16(sp)
    sw a3, 20(sp)
    la t0, bench_caller_sp
    sw sp, 0(t0)
    addi sp, a2, -64            /* room for what the registers hold */
    mv t6, a1
    mv t5, a0
    lw a0, 0(t5)
    lw a1, 4(t5)
    lw a2, 8(t5)
    lw a3, 12(t5)
    lw a4, 16(t5)
    lw a5, 20(t5)
    lw a6, 24(t5)
    lw a7, 28(t5)
    j bench_start
    .p2align 2
    .type bench_start, @function
bench_start:
    jalr t6
    .type bench_stop, @function
bench_stop:
    sw a0, 0(sp)
    sw a1, 4(sp)
    sw a2, 8(sp)
    sw a3, 12(sp)
    sw a4, 16(sp)
    sw a5, 20(sp)
    sw a6, 24(sp)
    sw a7, 28(sp)
    sw t0, 32(sp)
    sw t1, 36(sp)
    sw t2, 40(sp)
    sw t3, 44(sp)
    sw t4, 48(sp)
    sw t5, 52(sp)
    sw t6, 56(sp)
    sw sp, 60(sp)
    mv t1, sp
    la t0, bench_caller_sp
    lw sp, 0(t0)
    lw t2, 20(sp)
    addi t3, t1, 64
1:  lw t4, 0(t1)
    sw t4, 0(t2)
    addi t1, t1, 4
    addi t2, t2, 4
    bne t1, t3, 1b
    lw ra, 0(sp)
    lw s0, 4(sp)
    lw s1, 8(sp)
    lw s2, 12(sp)
    lw s3, 16(sp)
    addi sp, sp, 64
    ret
    .size bench_call, . - bench_call

    .section .bss.bench_caller_sp, "aw", @nobits
    .p2align 2
bench_caller_sp:
    .space 4
