# SPDX-License-Identifier: MIT
"""What the ports' builds share: places, and an environment in which two builds are equal."""

from __future__ import annotations

import configparser
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from host_tools.bootstrap import paths, steps

from .table import Board


class Unavailable(steps.StepError):
    """This cannot be built on this machine, through no fault of the tree: one line with why."""


MICROPYTHON = paths.CACHE / "src" / "micropython"
MPY_CROSS = MICROPYTHON / "mpy-cross" / "build" / "mpy-cross"
LOCK = paths.ROOT / "firmware" / "sources.lock"
# The date that the firmware shows beside MicroPython's version: that version's, not the build's.
EPOCH = "1744675200"
COMMAND_TIMEOUT_S = 120
FETCH = paths.ROOT / "firmware" / "fetch.py"


def build_folder(board: Board) -> Path:
    """Where a board's build and its results lie."""
    return paths.CACHE / "build" / "firmware" / board.env


def micropython_version() -> str:
    """As the lock has it."""
    lock = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    lock.read(LOCK, encoding="utf-8")
    return lock["micropython"]["version"]


def environment() -> dict[str, str]:
    """Version and date from the lock, not from the git repository around the cache or the clock."""
    return {
        "MICROPY_GIT_TAG": f"v{micropython_version()}",
        "MICROPY_GIT_HASH": "",
        "MICROPY_MPYCROSS": str(MPY_CROSS),
        "SOURCE_DATE_EPOCH": EPOCH,
        "PYTHONDONTWRITEBYTECODE": "1",
        "CFLAGS_EXTRA": "",
        "LC_ALL": "C.UTF-8",
    }


def quiet(command: Sequence[str | Path]) -> None:
    """Run a short command; StepError with its last line when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise steps.StepError(f"{Path(command[0]).name}: {lines[-1]}")


def check_sources(board: Board) -> None:
    """Unavailable when a source that only upstream has is neither here nor to be had."""
    command = [sys.executable, str(FETCH), "--check", *board.sources]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{board.env}: {done.stderr.strip().removeprefix('fetch: error: ')}")


def fetch_sources(board: Board) -> None:
    """fetch.py prints its own progress. MicroPython first, as most of the others go into it."""
    command = [sys.executable, str(FETCH), "micropython", "lwip", *board.sources]
    if status := subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise steps.StepError(f"{board.env}: its sources are not complete", status)
