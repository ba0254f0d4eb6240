# SPDX-License-Identifier: MIT
"""pytest-wgprov: the tunnel tests on any board, emulated or at a cable (docs/HIL.md)."""
