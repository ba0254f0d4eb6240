# SPDX-License-Identifier: MIT
"""Every named case against wireguard-go: one that the trusted peer fails is a question to the
case. Where the two may differ, and why, is in tests/hostile/README.md."""

from __future__ import annotations

import pytest

from tests.hostile.cases import CASES, SLOW, Case, World, run

# What waits for the protocol's own seconds is left to `make test-boards`.
NAMED = [
    pytest.param(case, id=name, marks=[pytest.mark.boards] if name in SLOW else [])
    for name, case in CASES.items()
]


@pytest.mark.parametrize("case", NAMED)
def test_case(control: World, case: Case) -> None:
    run(case, control)
