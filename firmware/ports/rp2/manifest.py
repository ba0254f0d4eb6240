# SPDX-License-Identifier: MIT
# Frozen into the firmware of our rp2 boards. MicroPython runs this file in its own folder.
# ruff: noqa: F821
import sys

freeze("modules")
freeze("$(PORT_DIR)/modules", "rp2.py")
include("$(MPY_DIR)/extmod/asyncio")

# micropython-lib is a submodule: not every source tree has it.
for library in ("onewire", "ds18x20", "dht", "neopixel", "requests", "mip", "ntptime"):
    try:
        require(library)
    except ValueError as error:  # require() did not find it
        print("rp2: left out:", error, file=sys.stderr)

include("../../../mpy/manifest.py")
