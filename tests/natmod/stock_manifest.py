# SPDX-License-Identifier: MIT
# The emulated boards' own frozen code, and nothing of WireGuard.
# ruff: noqa: F821
freeze("../../firmware/ports/qemu_mps2/modules")
include("$(MPY_DIR)/extmod/asyncio")
