# SPDX-License-Identifier: MIT
include(${MICROPY_PORT_DIR}/boards/W5500_EVB_PICO/mpconfigboard.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/ports/rp2/board.cmake)
