# SPDX-License-Identifier: MIT
# RP2350's RISC-V processors (Hazard3) with Debian's compiler, which comes without a C library for
# RV32, and with Debian's picolibc. Included by boards/*/mpconfigvariant_RISCV.cmake; the paths are
# those that host_tools/boards/rp2.py asks the compiler for.
set(PICO_CLIB picolibc)
include_directories(SYSTEM ${CMAKE_CURRENT_LIST_DIR}/riscv_cxx ${WG_PICOLIBC}/include)
# No multilib of the compiler's has Hazard3's bit operations, so it would take RV64's libraries.
add_link_options(-L${WG_PICOLIBC}/lib/rv32imac/ilp32 -L${WG_LIBGCC})
# pico-sdk asks for newlib's stubs by a file that this compiler has not: picolibc needs none. The
# start is pico-sdk's own.
file(WRITE ${CMAKE_BINARY_DIR}/empty/nosys.specs "")
add_link_options(-B${CMAKE_BINARY_DIR}/empty -nostartfiles)
# GCC 12 stops with internal errors when it may choose single-bit instructions (Zbs) itself; the
# assembler must have them, for pico-sdk's own.
set(WG_HAZARD3 rv32imac_zicsr_zifencei_zba_zbb)
foreach(option -march=${WG_HAZARD3}_zbkb -mno-riscv-attribute -Wa,-march=${WG_HAZARD3}_zbs_zbkb)
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:${option}>")
endforeach()
