# SPDX-License-Identifier: MIT
"""examples/ota_update.py with the power cut at every single write, rename and removal: there is
always a whole app, and the board comes to the newest good one. tests/hil/test_examples.py runs it
on a board.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import itertools
import json
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "examples" / "ota_update.py"
STARTS_MAX = 20
OLD, NEW, BAD = "old app", "new app", "bad app"


class Off(Exception):
    """The power is gone, or the board resets."""


class Flash:
    """Files as littlefs keeps them: a written one is there when it is closed, a rename at once."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.left: float = float("inf")  # operations until the power goes

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Off

    def open(self, path: str, mode: str = "r") -> io.StringIO:
        if "w" not in mode:
            if path not in self.files:
                raise FileNotFoundError(path)
            return io.StringIO(self.files[path])
        return Written(self, path)

    def rename(self, old: str, new: str) -> None:
        self.spend()
        self.files[new] = self.files.pop(old)

    def remove(self, path: str) -> None:
        self.spend()
        del self.files[path]

    def stat(self, path: str) -> None:
        if path not in self.files:
            raise FileNotFoundError(path)


class Written(io.StringIO):
    def __init__(self, flash: Flash, path: str) -> None:
        super().__init__()
        self.flash, self.path = flash, path

    def write(self, data: Any) -> int:
        return super().write(data.decode() if isinstance(data, bytes) else data)

    def close(self) -> None:
        if not self.closed:
            self.flash.spend()
            self.flash.files[self.path] = self.getvalue()
        super().close()


class Board:
    """Starts the example on this flash, with a server that offers `offered` as version 2."""

    def __init__(self, offered: str, sha256: str = "") -> None:
        self.flash = Flash({"/app.py": OLD})
        self.ran: list[str] = []
        digest = sha256 or hashlib.sha256(offered.encode()).hexdigest()
        offer = {"version": 2, "file": "app-2.py", "sha256": digest}
        self.pages = {"app.json": json.dumps(offer), "app-2.py": offered}

    def app(self, updater: Any) -> None:
        """What every app here does: break if it is bad, else confirm itself and look for more."""
        text = self.flash.files["/app.py"]
        self.ran.append(text)
        if text == BAD:
            raise ValueError(text)
        updater.confirm()
        updater.check()
        raise Off  # there is nothing new: switch off

    def get(self, url: str, timeout: float) -> Any:
        page = self.pages[url.rpartition("/")[2]]
        return types.SimpleNamespace(
            status_code=200,
            json=lambda: json.loads(page),
            raw=io.BytesIO(page.encode()),
            close=lambda: None,
        )

    def start(self) -> None:
        """From power-on to the next reset or power cut."""
        modules: dict[str, Any] = {
            "os": self.flash,
            "machine": types.SimpleNamespace(reset=_off),
            "requests": types.SimpleNamespace(get=self.get),
            "sys": types.SimpleNamespace(print_exception=lambda error: None),
            "time": types.SimpleNamespace(sleep=lambda seconds: None),
            "app": types.SimpleNamespace(main=self.app),
        }

        def bring(name: str, *rest: Any) -> Any:
            return modules.get(name) or builtins.__import__(name, *rest)

        scope = {**vars(builtins), "open": self.flash.open, "__import__": bring}
        try:
            exec(compile(SOURCE.read_text(), SOURCE, "exec"), {"__builtins__": scope})
        except Off:
            pass

    def settle(self) -> list[str]:
        """Start until two starts in a row change nothing; the apps that ran."""
        for _ in range(STARTS_MAX):
            before = dict(self.flash.files)
            self.start()
            if before == self.flash.files:
                return self.ran
        raise AssertionError("the board never comes to rest")

    def state(self) -> Any:
        return json.loads(self.flash.files["/ota.json"])


def _off() -> None:
    raise Off


def cut_everywhere(make: Callable[[], Board]) -> list[Board]:
    """One board for each operation, at which its power went; then it was left in peace."""
    boards = []
    for after in itertools.count():
        board = make()
        board.flash.left = after
        for _ in range(STARTS_MAX):
            if board.flash.left < 0:
                break
            board.start()
            assert "/app.py" in board.flash.files or "/app.new" in board.flash.files
        else:
            return boards  # there was no such operation
        board.flash.left = float("inf")
        board.settle()
        boards.append(board)
    raise AssertionError


def test_a_good_app_is_in_service_wherever_the_power_went() -> None:
    boards = cut_everywhere(lambda: Board(NEW))
    assert len(boards) >= 8
    for board in boards:
        assert set(board.ran) <= {OLD, NEW}
        # A cut during its trial counts against it: it may be refused, and the former one is back.
        kept = {2: NEW, 0: OLD}[board.state()["version"]]
        assert board.flash.files["/app.py"] == kept and board.ran[-1] == kept
        assert kept == NEW or board.state()["refused"] == 2
    assert sum(board.flash.files["/app.py"] == NEW for board in boards) >= len(boards) - 2


def test_a_bad_app_is_never_kept_wherever_the_power_went() -> None:
    boards = cut_everywhere(lambda: Board(BAD))
    assert len(boards) >= 8
    for board in boards:
        assert board.flash.files["/app.py"] == OLD and board.ran[-1] == OLD
        assert board.state()["version"] == 0 and board.state()["refused"] == 2
        assert board.ran.count(BAD) <= 1


@pytest.mark.parametrize("sha256", ["0" * 64, ""])
def test_only_what_was_promised_is_run(sha256: str) -> None:
    board = Board(NEW, sha256)
    ran = board.settle()
    assert (NEW in ran) is (sha256 == "")
    assert "/app.new" not in board.flash.files
