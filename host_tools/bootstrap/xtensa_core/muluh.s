# SPDX-License-Identifier: MIT
# MULUH (Xtensa ISA manual, 32-bit integer multiply option) for an assembler that does not know it, read
# before every file. From the lowest bits: op0 = 0, t, s, r, op1 = 2, op2 = 10.
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .set .Lmuluh_a\n, \n
    .endr
    .set .Lmuluh_sp, 1
    .macro muluh r, s, t
    .byte .Lmuluh_\t << 4, .Lmuluh_\r << 4 | .Lmuluh_\s, 0xa2
    .endm
