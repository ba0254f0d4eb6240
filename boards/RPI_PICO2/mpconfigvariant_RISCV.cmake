# SPDX-License-Identifier: MIT
set(PICO_PLATFORM "rp2350-riscv")
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/ports/rp2/riscv.cmake)
