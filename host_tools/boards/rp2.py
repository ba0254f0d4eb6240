# SPDX-License-Identifier: MIT
"""MicroPython's rp2 port for one of our boards: cmake, ninja, UF2."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from host_tools.bootstrap import paths, steps

from . import common
from .table import Board

# The interpreter behind a venv's: the build needs nothing that is installed there.
PYTHON = os.path.realpath(sys.executable)
SETTINGS = "settings.txt"


def _configuration(board: Board, build: Path) -> list[str]:
    """cmake's command line. Its paths are absolute: a relative one means another folder to each of
    the port's includes. What of them would get into the firmware, board.cmake takes out."""
    return [
        "cmake",
        "-S",
        str(common.MICROPYTHON / "ports" / "rp2"),
        "-B",
        str(build),
        "-G",
        "Ninja",
        "-DPICO_NO_PICOTOOL=1",
        f"-DPICO_SDK_PATH_OVERRIDE={paths.CACHE / 'src' / 'pico-sdk'}",
        f"-DPython3_EXECUTABLE={PYTHON}",
        f"-DMICROPY_BOARD={board.folder}",
        f"-DMICROPY_BOARD_DIR={paths.ROOT / 'boards' / board.folder}",
        f"-DUSER_C_MODULES={paths.ROOT / 'firmware' / 'binding' / 'micropython.cmake'}",
        *board.settings,
    ]


def _configure(board: Board, build: Path) -> None:
    """Afresh when the command line is another one, or when it was broken off."""
    command = _configuration(board, build)
    wanted = "\n".join(command)
    stamp = build / SETTINGS
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    steps.run(f"configure {board.env}", command, env=common.environment())
    stamp.write_text(wanted, encoding="utf-8")


def _write_uf2(board: Board, build: Path) -> None:
    """The file that is copied to the board's drive. Complete or absent."""
    fresh = build / "firmware.uf2.new"
    command = [PYTHON, common.MICROPYTHON / "tools" / "uf2conv.py", "--convert"]
    command += ["-f", hex(board.uf2_family), "-b", hex(board.flash_base), "-o", fresh]
    common.quiet([*command, build / "firmware.bin"])
    os.replace(fresh, build / "firmware.uf2")


def build(board: Board) -> Path:
    """Folder with firmware.elf, firmware.bin and firmware.uf2."""
    folder = common.build_folder(board)
    _configure(board, folder)
    command = ["ninja", "-C", str(folder)]
    steps.run(f"firmware {board.env}", command, env=common.environment())
    _write_uf2(board, folder)
    return folder
