/* SPDX-License-Identifier: MIT */
/* void bench_call(const uint32_t args[16], void *function, uint8_t *stack_top, uint32_t after[16])
 *
 * Calls function with r0-r3 = args[0..3] and args[4..15] on the stack, on the stack given, with a
 * known value in each register that it must keep. What the core's registers hold when it returns
 * goes to after: r0-r12, lr, flags, and how far sp is from where it was. The region that is counted
 * is the BLX and all until it has returned. */
    .syntax unified
    .thumb
    .section .text.bench_call, "ax"
    .global bench_call, bench_start, bench_stop
    .type bench_call, %function
    .thumb_func
bench_call:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r3-r7}
    ldr r4, =bench_caller_sp
    mov r5, sp
    str r5, [r4]
    mov sp, r2
    sub sp, #64 + 48            /* room for what the registers hold; arguments on the stack */
    mov r12, r1
    movs r4, #48
1:  subs r4, #4
    adds r5, r0, r4
    ldr r5, [r5, #16]
    mov r6, sp
    str r5, [r6, r4]
    cmp r4, #0
    bne 1b
    ldr r4, =0x44444444
    mov r8, r4
    mov r9, r4
    mov r10, r4
    mov r11, r4
    mov r5, r4
    mov r6, r4
    mov r7, r4
    ldr r3, [r0, #12]
    ldr r2, [r0, #8]
    ldr r1, [r0, #4]
    ldr r0, [r0, #0]
    b bench_start
    .p2align 2
    .type bench_start, %function
    .thumb_func
bench_start:
    blx r12
    .type bench_stop, %function
    .thumb_func
bench_stop:
    str r0, [sp, #48]
    str r1, [sp, #52]
    str r2, [sp, #56]
    str r3, [sp, #60]
    str r4, [sp, #64]
    str r5, [sp, #68]
    str r6, [sp, #72]
    str r7, [sp, #76]
    mrs r1, apsr
    str r1, [sp, #104]
    mov r1, r8
    str r1, [sp, #80]
    mov r1, r9
    str r1, [sp, #84]
    mov r1, r10
    str r1, [sp, #88]
    mov r1, r11
    str r1, [sp, #92]
    mov r1, r12
    str r1, [sp, #96]
    mov r1, lr
    str r1, [sp, #100]
    mov r2, sp
    str r2, [sp, #108]
    ldr r4, =bench_caller_sp
    ldr r5, [r4]
    mov sp, r5
    pop {r3-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    movs r4, #64
2:  subs r4, #4
    adds r5, r2, r4
    ldr r5, [r5, #48]
    str r5, [r3, r4]
    cmp r4, #0
    bne 2b
    pop {r4-r7, pc}
    .pool
    .size bench_call, . - bench_call

    .section .bss.bench_caller_sp, "aw", %nobits
    .p2align 2
bench_caller_sp:
    .space 4
