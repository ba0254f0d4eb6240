# SPDX-License-Identifier: MIT
"""python3 -m host_tools.boards check|build ENV
python3 -m host_tools.boards all EMULATED,... NATMOD,..."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from host_tools.bootstrap import steps, system

from . import common, dist, rp2, stm32, table

USAGE = "usage: python3 -m host_tools.boards check|build ENV, or: all EMULATED,... NATMOD,..."
PORTS = {"rp2": rp2, "stm32": stm32}


def find(env: str) -> table.Board:
    """The board of this environment id."""
    board = table.find(env)
    if board is None:
        known = " ".join(board.env for board in table.BOARDS)
        raise steps.StepError(f"no board {env!r}; there are: {known}", status=2)
    return board


def check(board: table.Board) -> None:
    """Stop at once where something is missing that setup cannot bring."""
    common.check_sources(board)
    PORTS[board.port].check(board)


def build(board: table.Board) -> None:
    """System packages and sources that only this kind of board needs, then the firmware."""
    system.install_missing(system.choose(board.packages), {})
    common.fetch_sources(board)
    PORTS[board.port].build(board)


def dispatch(arguments: Sequence[str]) -> None:
    """Carry out one command line."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb == "check" and len(rest) == 1:
        check(find(rest[0]))
    elif verb == "build" and len(rest) == 1:
        build(find(rest[0]))
    elif verb == "all" and len(rest) == 2:
        dist.all_boards(rest[0].split(","), rest[1].split(","), check)
    else:
        raise steps.StepError(USAGE, status=2)


def main(arguments: Sequence[str]) -> int:
    """Exit status; errors are one line."""
    return steps.exit_status("boards", lambda: dispatch(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
