/* SPDX-License-Identifier: MIT */
/* The start of an ESP8266's core (lx106: no windows) on QEMU's `sim`, where it begins at 0x50000000
 * whatever the ELF file says. Any exception ends the run. */
    .section .reset, "ax"
    j 1f
    .p2align 2
    .literal_position
1:  movi a0, reset
    jx a0

    .text
    .literal_position
    .global reset
reset:
    movi a1, stack_top
    movi a2, vectors
    wsr a2, VECBASE
    movi a2, 0
    wsr a2, PS
    rsync
    movi a2, bss_start
    movi a3, bss_end
    movi a4, 0
1:  bgeu a2, a3, 2f
    s32i a4, a2, 0
    addi a2, a2, 4
    j 1b
2:  call0 main
fault:
    movi a2, 1                          /* exit */
    movi a3, 5
    .byte 0x00, 0x51, 0x00              /* simcall: assemblers disagree on its operands */

    .section .vectors, "ax"
    .p2align 12
vectors:
    .rept 64
    .p2align 4
    j fault
    .endr
