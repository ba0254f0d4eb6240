# SPDX-License-Identifier: MIT
"""All named cases."""

from tests.hostile import cases_data, cases_handshake, cases_load
from tests.hostile.world import CASES, SLOW, Case, Skip, World

__all__ = ["CASES", "SLOW", "Case", "Skip", "World", "cases_data", "cases_handshake", "cases_load"]
