# SPDX-License-Identifier: MIT
"""Every named case against wireguard-go: one that the trusted peer fails is a question to the
case. Where the two may differ, and why, is in tests/hostile/README.md."""

from __future__ import annotations

import pytest

from tests.hostile.cases import CASES, Case, World, run


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_case(control: World, case: Case) -> None:
    run(case, control)
