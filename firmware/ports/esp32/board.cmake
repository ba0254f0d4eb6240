# SPDX-License-Identifier: MIT
# What our boards add to MicroPython's generic ones: lwIP's settings and the frozen package.
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.wireguard)
set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)
