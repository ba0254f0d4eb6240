# SPDX-License-Identifier: MIT
# What our rp2 boards share. Included by boards/*/mpconfigboard.cmake, that is, by the port's own
# CMakeLists.txt before its project() line.
set(MICROPY_PY_LWIP ON)
set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)
# MicroPython's build insists on a micropython-lib, and looks for its README only.
if(NOT EXISTS ${MICROPY_DIR}/lib/micropython-lib/README.md)
    set(MICROPY_LIB_DIR ${CMAKE_CURRENT_LIST_DIR})
endif()
include_directories(BEFORE ${CMAKE_CURRENT_LIST_DIR}/include)
# Before the port's own folder: lwipopts.h takes that one's in by #include_next. With WG_STOCK_LWIP=1
# lwIP is as MicroPython has it, and full-size datagrams are chains (tests/hil/test_rp2_chains.py).
if(NOT WG_STOCK_LWIP)
    include_directories(BEFORE ${CMAKE_CURRENT_LIST_DIR}/lwip_inc)
endif()
# No path of the checkout gets into the firmware: two builds in two folders give the same bytes.
get_filename_component(WG_REPOSITORY ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
add_compile_options("-ffile-prefix-map=${WG_REPOSITORY}=.")
# gcc 12 hands the assembler only this one of the two.
add_compile_options("$<$<COMPILE_LANGUAGE:ASM>:-fdebug-prefix-map=${WG_REPOSITORY}=.>")
# pico-sdk links by the C++ driver, which asks for a C++ library of which nothing is used: an empty
# one saves a package of 300 MB. Its headers are still needed.
file(WRITE ${CMAKE_BINARY_DIR}/empty/libstdc++.a "!<arch>\n")
add_link_options("-L${CMAKE_BINARY_DIR}/empty")
