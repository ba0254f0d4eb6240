# SPDX-License-Identifier: MIT
"""What the ports' builds share: places, and an environment in which two builds are equal."""

from __future__ import annotations

import configparser
import subprocess
from collections.abc import Sequence
from pathlib import Path

from host_tools.bootstrap import paths, steps

from .table import Board

MICROPYTHON = paths.CACHE / "src" / "micropython"
MPY_CROSS = MICROPYTHON / "mpy-cross" / "build" / "mpy-cross"
LOCK = paths.ROOT / "firmware" / "sources.lock"
# The date that the firmware shows beside MicroPython's version: that version's, not the build's.
EPOCH = "1744675200"
COMMAND_TIMEOUT_S = 120


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
