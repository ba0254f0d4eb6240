# SPDX-License-Identifier: MIT
# MicroPython's manifest for the ESP32 with our start file in the place of its own, and the package.
freeze("$(PORT_DIR)/modules", ("apa106.py", "espnow.py", "flashbdev.py", "inisetup.py"))
freeze("modules")
include("$(MPY_DIR)/extmod/asyncio")

require("bundle-networking")
require("aioespnow")
require("dht")
require("ds18x20")
require("neopixel")
require("onewire")
require("umqtt.robust")
require("umqtt.simple")
require("upysh")

include("../../../mpy/manifest.py")
