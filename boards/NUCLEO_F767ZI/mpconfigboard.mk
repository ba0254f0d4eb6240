# SPDX-License-Identifier: MIT
# MicroPython's own settings (relative to its port), with the tunnel's package frozen.
include boards/NUCLEO_F767ZI/mpconfigboard.mk
FROZEN_MANIFEST = $(BOARD_DIR)/manifest.py
