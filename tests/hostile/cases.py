# SPDX-License-Identifier: MIT
"""All named cases, and how our own tests run one."""

from tests.hostile import cases_data, cases_handshake, cases_load
from tests.hostile.world import CASES, SLOW, Case, Skip, World

__all__ = ["CASES", "SLOW", "Case", "Skip", "World", "cases_data", "cases_handshake", "cases_load"]


def run(case: Case, world: World) -> None:
    """Nothing may be left out."""
    try:
        case(world)
    except Skip as reason:
        raise AssertionError(f"left out: {reason}") from None
    finally:
        world.close()
