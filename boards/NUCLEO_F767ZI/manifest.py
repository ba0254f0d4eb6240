# SPDX-License-Identifier: MIT
# ruff: noqa: F821
include("$(PORT_DIR)/boards/NUCLEO_F767ZI/manifest.py")
include("$(WG_DIR)/mpy/manifest.py")
