# SPDX-License-Identifier: MIT
# Included by binding/micropython.cmake when ESP-IDF builds: this chip's cores, the lock, timer and
# random source that differ there, and the routing hooks, which ESP-IDF defines its own way.
if(NOT WG_ARCH)
    if(IDF_TARGET MATCHES "^esp32(s2|s3)?$")
        set(WG_ARCH xtensa)
    else()
        set(WG_ARCH generic)
    endif()
endif()
set(WG_ESP32 ${CMAKE_CURRENT_LIST_DIR})
if(NOT WG_WAKE)
    set(WG_WAKE ${WG_ESP32}/wake_esptimer.c)
endif()

add_library(usermod_wireguard_esp32 INTERFACE)
target_sources(usermod_wireguard_esp32 INTERFACE
    ${WG_ESP32}/wg_esp32.c
    ${WG_ESP32}/random_esp32.c)
target_include_directories(usermod_wireguard_esp32 INTERFACE ${WG_ESP32})
# The parentheses are those of ports/esp32/mpconfigport.h, which defines it for some chips only.
target_compile_definitions(usermod_wireguard_esp32 INTERFACE
    WG_PORT_HEADER="wg_esp32.h" "MICROPY_SCHEDULER_STATIC_NODES=(1)")
target_link_options(usermod_wireguard_esp32 INTERFACE -Wl,--wrap=ip4_route_src_hook)
target_link_libraries(usermod INTERFACE usermod_wireguard_esp32)
