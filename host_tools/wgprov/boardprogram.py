# SPDX-License-Identifier: MIT
"""Programs of ours that run on a board's raw REPL, and the values of their calls.

They are files of the folder boardcode; nothing of them stays on the board after its next reset.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from wgprov import transport
from wgprov.errors import BoardError, printable

RESULT = "RESULT "
LOAD_TIMEOUT_S = 10.0


def source(*names: str) -> str:
    """The text of some of the files, one after the other."""
    folder = resources.files("wgprov") / "boardcode"
    return "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)


class Program:
    """Loaded code. value("f(1)") is what that call returns, by JSON."""

    def __init__(self, run: transport.Run) -> None:
        self._run = run

    def value(self, call: str, timeout_s: float) -> Any:
        said = self._run(f"import json\nprint({RESULT!r} + json.dumps({call}))\n", timeout_s)
        last = said.strip().splitlines()[-1:]
        if not last or not last[0].startswith(RESULT):
            raise BoardError(f"{call}: no result: {printable(said[-80:])}")
        try:
            return json.loads(last[0].removeprefix(RESULT))
        except (ValueError, RecursionError):
            raise BoardError(f"{call}: the result makes no sense: {printable(said)}") from None


@contextlib.contextmanager
def load(port: str, *names: str) -> Iterator[Program]:
    """Run these files of boardcode on the board, and then calls of what they define."""
    with transport.repl(port) as run:
        run(source(*names), LOAD_TIMEOUT_S)
        yield Program(run)
