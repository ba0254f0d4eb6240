# SPDX-License-Identifier: MIT
"""python3 -m host_tools.boards build ENV"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from host_tools.bootstrap import paths, steps, system

from . import rp2, table

USAGE = "usage: python3 -m host_tools.boards build ENV"
BUILDERS = {"rp2": rp2.build}


def prepare(board: table.Board) -> None:
    """System packages and sources that only this kind of board needs."""
    system.install_missing(system.choose(board.packages), {})
    command = [sys.executable, str(paths.ROOT / "firmware" / "fetch.py"), *board.sources]
    if status := subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise steps.StepError(f"{board.env}: its sources are not complete", status)


def build(env: str) -> None:
    """One board, by its environment id."""
    board = table.find(env)
    if board is None:
        known = " ".join(board.env for board in table.BOARDS)
        raise steps.StepError(f"no board {env!r}; there are: {known}", status=2)
    prepare(board)
    BUILDERS[board.port](board)


def dispatch(arguments: Sequence[str]) -> None:
    """Carry out one command line."""
    if len(arguments) == 2 and arguments[0] == "build":
        build(arguments[1])
    else:
        raise steps.StepError(USAGE, status=2)


def main(arguments: Sequence[str]) -> int:
    """Exit status; errors are one line."""
    try:
        dispatch(arguments)
    except steps.StepError as error:
        print(f"boards: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
