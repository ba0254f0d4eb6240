# SPDX-License-Identifier: MIT
"""The targets of this folder: one board and one control for each test file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile import targets
from tests.hostile.targets import Board
from tests.hostile.world import World


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with targets.board(tmp_path_factory.mktemp("board")) as made:
        yield made


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with targets.wire_board(tmp_path_factory.mktemp("wired")) as made:
        yield made


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with targets.wireguard_go(tmp_path_factory.mktemp("control")) as made:
        yield made
