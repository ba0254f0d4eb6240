/* SPDX-License-Identifier: MIT */
/* The start, and the exceptions of an Xtensa core with register windows (Xtensa ISA manual, sections
 * "Windowed Register Option" and "Exception Option"), for QEMU's `sim` machine:
 *
 *   - a window that leaves the registers or comes back is moved to and from the stack, where the ABI
 *     says;
 *   - MOVSP of a function whose caller lies on the stack brings that caller back first;
 *   - MULUH, which the emulated core lacks and every ESP32 has, is done by four 16-bit products.
 *     What this tests is the code around MULUH, not a chip's multiplier.
 *
 * machine_exception_start to _end is no part of what a real chip executes: bench/ leaves it out of
 * its counts. */
    .section .vectors, "ax"
    .global machine_exception_start, machine_exception_end
    .p2align 12
vectors:
    .org vectors + 0x000                /* overflow of a window of 4, that is a0-a3 */
    s32e a0, a5, -16
    s32e a1, a5, -12
    s32e a2, a5, -8
    s32e a3, a5, -4
    rfwo

    .org vectors + 0x040
underflow4:
    l32e a0, a5, -16
    l32e a1, a5, -12
    l32e a2, a5, -8
    l32e a3, a5, -4
    rfwu

    .org vectors + 0x080                /* of 8: a4-a7 go to the end of the caller's caller's frame */
    s32e a0, a9, -16
    l32e a0, a1, -12
    s32e a1, a9, -12
    s32e a2, a9, -8
    s32e a3, a9, -4
    s32e a4, a0, -32
    s32e a5, a0, -28
    s32e a6, a0, -24
    s32e a7, a0, -20
    rfwo

    .org vectors + 0x0c0
underflow8:
    l32e a0, a9, -16
    l32e a1, a9, -12
    l32e a2, a9, -8
    l32e a7, a1, -12
    l32e a3, a9, -4
    l32e a4, a7, -32
    l32e a5, a7, -28
    l32e a6, a7, -24
    l32e a7, a7, -20
    rfwu

    .org vectors + 0x100                /* of 12 */
    s32e a0, a13, -16
    l32e a0, a1, -12
    s32e a1, a13, -12
    s32e a2, a13, -8
    s32e a3, a13, -4
    s32e a4, a0, -48
    s32e a5, a0, -44
    s32e a6, a0, -40
    s32e a7, a0, -36
    s32e a8, a0, -32
    s32e a9, a0, -28
    s32e a10, a0, -24
    s32e a11, a0, -20
    rfwo

    .org vectors + 0x140
underflow12:
    l32e a0, a13, -16
    l32e a1, a13, -12
    l32e a2, a13, -8
    l32e a11, a1, -12
    l32e a3, a13, -4
    l32e a4, a11, -48
    l32e a5, a11, -44
    l32e a6, a11, -40
    l32e a7, a11, -36
    l32e a8, a11, -32
    l32e a9, a11, -28
    l32e a10, a11, -24
    l32e a11, a11, -20
    rfwu

    .irp at, 0x180, 0x1c0, 0x200, 0x240, 0x280, 0x2c0
    .org vectors + \at                  /* interrupts: there are none */
    j fault
    .endr

    .org vectors + 0x300                /* an exception in kernel mode, where all runs */
machine_exception_start:
    j exception
    .org vectors + 0x340
    j fault
    .org vectors + 0x3c0                /* an exception in an exception */
    j fault

    .literal_position
exception:
    wsr a0, EXCSAVE1
    movi a0, saved
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    s32i a\n, a0, 4 * \n
    .endr
    rsr a1, EXCSAVE1
    s32i a1, a0, 0
    rsr a2, EXCCAUSE
    beqi a2, 5, restore                 /* MOVSP */
    bnez a2, fault                      /* 0: an instruction that is not known */
    rsr a3, EPC1
    l8ui a4, a3, 0                      /* t, 0 */
    l8ui a5, a3, 1                      /* r, s */
    l8ui a6, a3, 2
    movi a7, 0xa2
    bne a6, a7, fault
    extui a6, a4, 0, 4
    bnez a6, fault
    extui a4, a4, 4, 4
    addx4 a4, a4, a0
    l32i a7, a4, 0
    extui a4, a5, 0, 4
    addx4 a4, a4, a0
    l32i a8, a4, 0
    extui a9, a7, 16, 16
    extui a10, a8, 16, 16
    mul16u a11, a7, a8
    mul16u a12, a9, a8
    mul16u a13, a7, a10
    mul16u a14, a9, a10
    extui a11, a11, 16, 16
    add a12, a12, a11
    extui a15, a12, 0, 16
    add a13, a13, a15
    extui a12, a12, 16, 16
    extui a13, a13, 16, 16
    add a14, a14, a12
    add a14, a14, a13
    extui a5, a5, 4, 4
    addx4 a5, a5, a0
    s32i a14, a5, 0
    addi a3, a3, 3
    rsr a4, LEND                        /* it may be the last one of a LOOP */
    bne a3, a4, 1f
    rsr a5, LCOUNT
    beqz a5, 1f
    addi a5, a5, -1
    wsr a5, LCOUNT
    rsr a3, LBEG
1:  wsr a3, EPC1
restore:                                /* and leave nothing of the registers in memory */
    wsr a2, EXCSAVE3
    movi a1, 0
    .irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    l32i a\n, a0, 4 * \n
    s32i a1, a0, 4 * \n
    .endr
    l32i a1, a0, 0
    wsr a1, EXCSAVE1
    l32i a1, a0, 4
    wsr a1, EXCSAVE2
    movi a1, 0
    s32i a1, a0, 0
    s32i a1, a0, 4
    rsr a1, EXCSAVE3
    bnez a1, movsp
    rsr a1, EXCSAVE2
    rsr a0, EXCSAVE1
    rfe

    /* As if the caller had been returned to: its window is read, and MOVSP tried again. PS.OWB is
     * where RFWU goes back to. */
movsp:
    wsr a2, EXCSAVE4
    rsr a0, PS
    extui a1, a0, 8, 4
    rsr a2, WINDOWBASE
    xor a1, a1, a2
    slli a1, a1, 8
    xor a0, a0, a1
    wsr a0, PS
    rsync
    rsr a2, EXCSAVE4
    rsr a1, EXCSAVE2
    rsr a0, EXCSAVE1
    bbci a0, 31, 4f
    bbci a0, 30, 8f
    rotw -3
    j underflow12
4:  rotw -1
    j underflow4
8:  rotw -2
    j underflow8

fault:
    movi a1, stack_top
    movi a4, fault_text
    movi a2, 4                          /* write */
    movi a3, 1
    movi a5, 44                         /* its length */
    .byte 0x00, 0x51, 0x00              /* simcall: assemblers disagree on its operands */
    movi a2, 1                          /* exit */
    movi a3, 3
    .byte 0x00, 0x51, 0x00              /* simcall: assemblers disagree on its operands */
machine_exception_end:

    .global reset
    .type reset, @function
    .literal_position
reset:
    movi a0, 0
    movi a1, stack_top - 64             /* below it the ABI keeps the caller's sp: set at 2 */
    movi a2, 1
    wsr a2, WINDOWSTART
    movi a2, 0
    wsr a2, WINDOWBASE
    wsr a2, LCOUNT
    movi a2, vectors
    wsr a2, VECBASE
    movi a2, 0x40000                    /* windows on; kernel mode; no exception, no level */
    wsr a2, PS
    rsync
    movi a2, bss_start
    movi a3, bss_end
    movi a4, 0
1:  bgeu a2, a3, 2f
    s32i a4, a2, 0
    addi a2, a2, 4
    j 1b
2:  addi a2, a1, -12
    s32i a1, a2, 0
    movi a8, main
    callx8 a8
    movi a8, machine_exit
    callx8 a8

    /* All callers' windows to the stack: of a core's 32 registers each of the three calls needs 8. */
    .section .text.machine_spill, "ax"
    .global machine_spill
    .type machine_spill, @function
    .p2align 2
machine_spill:
    entry a1, 32
    call8 1f
    retw
    .p2align 2
1:  entry a1, 32
    call8 2f
    retw
    .p2align 2
2:  entry a1, 32
    retw

    .section .reset, "ax"               /* where this core starts, whatever the ELF file says */
    j 1f
    .p2align 2
    .literal_position
1:  movi a0, reset
    jx a0

    .section .rodata
fault_text:
    .ascii "\nFAIL fault the processor took an exception\n"

    .section .bss.saved, "aw", @nobits
    .p2align 2
saved:
    .space 64
