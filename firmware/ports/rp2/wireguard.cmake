# SPDX-License-Identifier: MIT
# Included by binding/micropython.cmake when pico-sdk builds: the chip's noise source for keys, a heap
# that is cleared at each start (include/wg_board.h asks for it), and
# MicroPython's sockets kept from writing behind a listening one (qemu_mps2/listen_guard.c).
set(WG_RP2 ${CMAKE_CURRENT_LIST_DIR})
if(PICO_PLATFORM STREQUAL "rp2040")
    set(WG_NOISE noise_rosc.c)
else()
    set(WG_NOISE noise_trng.c)
endif()
if(PICO_PLATFORM STREQUAL "rp2350-riscv")
    set(WG_RISCV ${WG_RP2}/riscv_tls.c)
endif()

add_library(usermod_wireguard_rp2 INTERFACE)
target_sources(usermod_wireguard_rp2 INTERFACE
    ${WG_RP2}/entropy.c
    ${WG_RP2}/health.c
    ${WG_RP2}/heap_clear.c
    ${WG_RP2}/noise_common.c
    ${WG_RP2}/${WG_NOISE}
    ${WG_RP2}/ppp_lock.c
    ${WG_RISCV}
    ${WG_ROOT}/ports/qemu_mps2/listen_guard.c
)
target_include_directories(usermod_wireguard_rp2 INTERFACE ${WG_RP2})
target_compile_definitions(usermod_wireguard_rp2 INTERFACE WG_PORT_HEADER="wg_rp2.h")
target_link_options(usermod_wireguard_rp2 INTERFACE -Wl,--wrap=tcp_err -Wl,--wrap=tcp_recv)
foreach(name pppos_create pppos_input ppp_connect ppp_close ppp_free)  # ppp_lock.c
    target_link_options(usermod_wireguard_rp2 INTERFACE -Wl,--wrap=${name})
endforeach()
target_link_libraries(usermod INTERFACE usermod_wireguard_rp2)
