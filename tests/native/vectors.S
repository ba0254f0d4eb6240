/* SPDX-License-Identifier: MIT */
/* The file that gen_vectors.py made, as bytes of the program. */
    .section .rodata.test_vectors, "a"
    .balign 4
    .global test_vectors
test_vectors:
    .incbin "vectors.bin"
    .byte 0
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
