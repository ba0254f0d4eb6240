# SPDX-License-Identifier: MIT
"""WGPROV_PATIENCE=5: bear with a board that is so many times slower than a chip, an emulator."""

from __future__ import annotations

import os

VARIABLE = "WGPROV_PATIENCE"
GREATEST = 100.0


def factor() -> float:
    """From 1, also for what is no number: a deadline is never shorter than it has to be."""
    try:
        wanted = float(os.environ.get(VARIABLE, "1"))
    except ValueError:
        return 1.0
    return min(max(wanted, 1.0), GREATEST)


FACTOR = factor()
