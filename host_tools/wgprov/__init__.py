# SPDX-License-Identifier: MIT
"""wgprov: provision WireGuard on MicroPython boards over their serial port."""

__version__ = "0.1.0"
