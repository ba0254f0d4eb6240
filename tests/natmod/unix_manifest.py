# SPDX-License-Identifier: MIT
# Frozen into the unix build that the tests use: what stock firmware for boards with a network has.
# ruff: noqa: F821
include("$(MPY_DIR)/extmod/asyncio")
require("requests")
require("mip")
