# SPDX-License-Identifier: MIT
# User C module for ports built by cmake: -DUSER_C_MODULES=<this repository>/firmware/binding/micropython.cmake
#   WG_ARCH   which cores, a file of crypto/arch (armv6m, armv7em, armv8m, generic ...)
#   WG_SIZE, WG_FALLBACK, WG_ACCEL   see crypto/options.mk
#   WG_WAKE   the wake-up seam's source file
get_filename_component(WG_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

if(IDF_TARGET)
    include(${WG_ROOT}/ports/esp32/wireguard.cmake)
endif()
if(PICO_PLATFORM)
    include(${WG_ROOT}/ports/rp2/wireguard.cmake)
endif()
if(NOT WG_ARCH)
    if(PICO_PLATFORM STREQUAL "rp2350-riscv")
        set(WG_ARCH generic)
    elseif(PICO_PLATFORM MATCHES "^rp2350")
        set(WG_ARCH armv8m)
    elseif(PICO_PLATFORM STREQUAL "rp2040")
        set(WG_ARCH armv6m)
    else()
        set(WG_ARCH generic)
    endif()
endif()
if(NOT WG_WAKE)
    set(WG_WAKE ${WG_ROOT}/binding/wake_softtimer.c)
endif()

# The lists are the make files', read as text: one list for every build system.
function(wg_read_list file variable result)
    file(STRINGS ${file} line REGEX "^${variable} :=")
    string(REGEX REPLACE "^${variable} := *" "" line "${line}")
    separate_arguments(names UNIX_COMMAND "${line}")
    set(${result} ${names} PARENT_SCOPE)
endfunction()
set(WG_ARCH_LIST ${WG_ROOT}/crypto/arch/${WG_ARCH}.mk)
wg_read_list(${WG_ARCH_LIST} WG_ARCH_DEFINES WG_DEFINES)
wg_read_list(${WG_ARCH_LIST} WG_NO_FALLBACK WG_NO_FALLBACK)
wg_read_list(${WG_ARCH_LIST} WG_CORES WG_CORES)
set(WG_OPT -O2)
if(WG_SIZE STREQUAL "small")
    wg_read_list(${WG_ARCH_LIST} WG_CORES_SMALL WG_CORES)
    if(NOT WG_CORES)
        wg_read_list(${WG_ROOT}/crypto/arch/generic.mk WG_CORES WG_CORES)
    endif()
    set(WG_OPT -Os)
elseif(WG_SIZE AND NOT WG_SIZE STREQUAL "fast")
    message(FATAL_ERROR "WG_SIZE is fast or small")
endif()
wg_read_list(${WG_ROOT}/crypto/sources.mk WG_CRYPTO_SOURCES WG_CRYPTO)

# As options.mk.
foreach(core ${WG_CORES})
    get_filename_component(name ${core} NAME_WE)
    get_filename_component(algorithm ${core} DIRECTORY)
    get_filename_component(algorithm ${algorithm} NAME)
    list(APPEND WG_DEFINES -DWG_CORE_${algorithm}=${name})
    if(WG_FALLBACK AND NOT name STREQUAL "generic32" AND NOT algorithm IN_LIST WG_NO_FALLBACK)
        list(APPEND WG_DEFINES -DWG_FALLBACK -DWG_FALLBACK_${algorithm})
    endif()
endforeach()
if(WG_FALLBACK)
    list(APPEND WG_CRYPTO fallback.c)
endif()
if(WG_ACCEL)
    list(APPEND WG_CRYPTO accel.c)
    list(APPEND WG_DEFINES -DWG_ACCEL)
endif()
list(REMOVE_DUPLICATES WG_DEFINES)
list(TRANSFORM WG_CRYPTO PREPEND ${WG_ROOT}/crypto/)
list(TRANSFORM WG_CORES PREPEND ${WG_ROOT}/crypto/)
# The port's own level is left to the port.
set_source_files_properties(${WG_CRYPTO} ${WG_CORES} PROPERTIES COMPILE_OPTIONS ${WG_OPT})
set_source_files_properties(${WG_ROOT}/crypto/fallback.c PROPERTIES COMPILE_OPTIONS -Os)

add_library(usermod_wireguard INTERFACE)
target_sources(usermod_wireguard INTERFACE
    ${WG_CRYPTO}
    ${WG_CORES}
    ${WG_ROOT}/session/wg_session.c
    ${WG_ROOT}/session/wg_replay.c
    ${WG_ROOT}/session/wg_symmetric.c
    ${WG_ROOT}/session/wg_peer.c
    ${WG_ROOT}/session/wg_allowedips.c
    ${WG_ROOT}/session/wg_path.c
    ${WG_ROOT}/session/wg_ip.c
    ${WG_ROOT}/session/wg_icmp.c
    ${WG_ROOT}/netif/wg_netif.c
    ${WG_ROOT}/netif/wg_outer.c
    ${WG_ROOT}/netif/wg_inner.c
    ${WG_ROOT}/netif/wg_staged.c
    ${WG_ROOT}/netif/wg_mtu.c
    ${WG_ROOT}/netif/wg_resolve.c
    ${WG_ROOT}/netif/wg_route.c
    ${WG_ROOT}/netif/wg_checksum.c
    ${WG_ROOT}/binding/mod_wireguard.c
    ${WG_ROOT}/binding/obj_key.c
    ${WG_ROOT}/binding/obj_symmetric.c
    ${WG_ROOT}/binding/obj_path.c
    ${WG_ROOT}/binding/obj_netif.c
    ${WG_ROOT}/binding/support.c
    ${WG_WAKE}
    ${WG_ACCEL}
)
target_include_directories(usermod_wireguard INTERFACE
    ${WG_ROOT}/binding
    ${WG_ROOT}/crypto/include
    ${WG_ROOT}/session/include
    ${WG_ROOT}/netif/include
)
target_compile_options(usermod_wireguard INTERFACE ${WG_DEFINES})
if(NOT IDF_TARGET)
    # lwIP itself includes the hooks: routing follows AllowedIPs.
    target_compile_definitions(usermod_wireguard INTERFACE LWIP_HOOK_FILENAME="wg_lwip_hooks.h")
    target_compile_options(usermod_wireguard INTERFACE
        "-DLWIP_HOOK_IP4_ROUTE_SRC(src,dest)=wg_route_hook_ip4(dest)")
endif()
target_link_libraries(usermod INTERFACE usermod_wireguard)
