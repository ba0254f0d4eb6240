# SPDX-License-Identifier: MIT
include(${MICROPY_PORT_DIR}/boards/RPI_PICO/mpconfigboard.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/ports/rp2/board.cmake)
