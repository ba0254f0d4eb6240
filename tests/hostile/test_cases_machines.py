# SPDX-License-Identifier: MIT
"""The cases on every other machine that QEMU has: among them ARMv6-M code, where an unaligned word
is a fault, and lwIP with small pbufs, where each full datagram is a chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demo.rig import chosen_env

from tests.hostile import targets
from tests.hostile.cases import CASES, SLOW, Case, run
from tests.hostile.targets import Board
from wgprov.targets.qemu import MACHINES

QUICK = {name: case for name, case in CASES.items() if name not in SLOW}


@pytest.fixture(scope="module", params=sorted(set(MACHINES) - {chosen_env()}))
def machine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Board]:
    with targets.board(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


@pytest.mark.boards
@pytest.mark.parametrize("case", QUICK.values(), ids=QUICK.keys())
def test_case(machine: Board, case: Case) -> None:
    run(case, machine.world())
