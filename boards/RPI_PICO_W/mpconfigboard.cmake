# SPDX-License-Identifier: MIT
include(${MICROPY_PORT_DIR}/boards/RPI_PICO_W/mpconfigboard.cmake)
# The tunnel needs none, and its stack would be one source more.
set(MICROPY_PY_BLUETOOTH OFF)
set(MICROPY_BLUETOOTH_BTSTACK OFF)
set(MICROPY_PY_BLUETOOTH_CYW43 OFF)
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/ports/rp2/board.cmake)
