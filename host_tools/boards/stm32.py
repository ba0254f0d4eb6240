# SPDX-License-Identifier: MIT
"""MicroPython's stm32 port for one of our boards: make."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from host_tools.bootstrap import paths, steps

from . import common
from .table import Board

PORT = common.MICROPYTHON / "ports" / "stm32"


def check(_board: Board) -> None:
    """Setup brings the compiler."""


def _lay_over(board: Board, folder: Path) -> None:
    """The board's folder as the port wants it: MicroPython's own, with our files in it. Ours
    include MicroPython's by a path that begins at the port."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PORT / "boards" / board.folder, folder)
    shutil.copytree(paths.ROOT / "boards" / board.folder, folder, dirs_exist_ok=True)


def build(board: Board) -> Path:
    """Folder with firmware.elf and firmware.bin. Paths are relative to the port: make cannot quote
    a space."""
    folder = common.build_folder(board)
    _lay_over(board, folder / "board" / board.folder)

    def from_port(path: Path) -> str:
        return os.path.relpath(path, PORT)

    command = ["make", "-C", str(PORT), f"-j{os.cpu_count()}"]
    command += [f"BOARD_DIR={from_port(folder / 'board' / board.folder)}"]
    command += [f"BUILD={from_port(folder)}", "WG_ARCH=armv7em"]
    command += [f"USER_C_MODULES={from_port(paths.ROOT / 'firmware')}"]
    command += [f"MICROPY_MANIFEST_WG_DIR={paths.ROOT}"]  # a manifest's own paths go from itself
    environment = common.environment() | {"CFLAGS_EXTRA": f"-ffile-prefix-map={paths.ROOT}=."}
    steps.run(f"firmware {board.env}", command, env=environment)
    return folder
