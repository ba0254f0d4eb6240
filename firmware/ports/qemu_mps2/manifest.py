# SPDX-License-Identifier: MIT
# Frozen into the firmware. MicroPython runs this file in its own folder.
# ruff: noqa: F821
import os

freeze("modules")
include("$(MPY_DIR)/extmod/asyncio")

# micropython-lib is a submodule: not every source tree has it.
try:
    require("requests")
except Exception:
    pass

# The WireGuard package of this repository.
if os.path.exists("../../../mpy/manifest.py"):
    include("../../../mpy/manifest.py")
