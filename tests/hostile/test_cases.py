# SPDX-License-Identifier: MIT
"""Every named case, against the emulated board and against wireguard-go: a case that the trusted
one fails is a question to the case. tests/hostile/README.md says which name of issue 6 is where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.cases import CASES, Case, Skip, World


@pytest.fixture(params=["board", "control"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = request.getfixturevalue(request.param)
    world = made if isinstance(made, World) else made.world()
    yield world
    world.close()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_case(world: World, case: Case) -> None:
    try:
        case(world)
    except Skip as reason:
        pytest.fail(f"nothing may be left out here: {reason}")
