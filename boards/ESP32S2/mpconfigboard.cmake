# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_SOURCE_DIR}/boards/ESP32_GENERIC_S2/mpconfigboard.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/ports/esp32/board.cmake)
