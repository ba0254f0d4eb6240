# SPDX-License-Identifier: MIT
"""Every named case against the emulated board. tests/hostile/README.md says which name of issue 6
is where; test_cases_control.py runs the same against wireguard-go."""

from __future__ import annotations

import pytest

from tests.hostile.cases import CASES, Case, run
from tests.hostile.targets import Board


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_case(board: Board, case: Case) -> None:
    run(case, board.world())
