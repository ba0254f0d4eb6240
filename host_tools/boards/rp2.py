# SPDX-License-Identifier: MIT
"""MicroPython's rp2 port for one of our boards: cmake, ninja, UF2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from host_tools.bootstrap import paths, steps

from . import common
from .table import Board

# The interpreter behind a venv's: the build needs nothing that is installed there.
PYTHON = os.path.realpath(sys.executable)
SETTINGS = "settings.txt"
FORBIDDEN = ",;<>$"
FLASH_BASE = 0x10000000
# Debian's compiler and C library for RISC-V: firmware/ports/rp2/riscv.cmake.
RISCV_TRIPLE = "riscv64-unknown-elf"
RISCV_FLAGS = ("-march=rv32imac", "-mabi=ilp32")
PICOLIBC = Path("/usr/lib/picolibc") / RISCV_TRIPLE


def _riscv_settings() -> dict[str, str | Path]:
    command = [f"{RISCV_TRIPLE}-gcc", *RISCV_FLAGS, "-print-libgcc-file-name"]
    library = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    return {
        "PICO_GCC_TRIPLE": RISCV_TRIPLE,
        "WG_LIBGCC": Path(library.strip()).parent,
        "WG_PICOLIBC": PICOLIBC,
    }


def check(board: Board) -> None:
    """Unavailable, with one line, where pico-sdk's cmake files would stumble over the path: they
    build lists and expressions of it."""
    for character in FORBIDDEN:
        if character in str(paths.ROOT):
            raise common.Unavailable(
                f"{board.env}: pico-sdk's cmake files cannot have a {character!r} in the path of "
                f"the checkout, which is {paths.ROOT}"
            )


def _configuration(board: Board, build: Path, options: Mapping[str, str]) -> list[str]:
    """cmake's command line. Its paths are absolute: a relative one means another folder to each of
    the port's includes. What of them would get into the firmware, board.cmake takes out."""
    port = common.MICROPYTHON / "ports" / "rp2"
    settings: dict[str, str | Path] = {
        "PICO_NO_PICOTOOL": "1",
        "PICO_SDK_PATH_OVERRIDE": paths.CACHE / "src" / "pico-sdk",
        "Python3_EXECUTABLE": PYTHON,
        "MICROPY_BOARD": board.folder,
        "MICROPY_BOARD_DIR": paths.ROOT / "boards" / board.folder,
        "USER_C_MODULES": paths.ROOT / "firmware" / "binding" / "micropython.cmake",
    }
    if board.variant:
        settings["MICROPY_BOARD_VARIANT"] = board.variant
    if board.variant == "RISCV":
        settings.update(_riscv_settings())
    command = ["cmake", "-S", str(port), "-B", str(build), "-G", "Ninja"]
    return command + [f"-D{name}={value}" for name, value in {**settings, **options}.items()]


def _configure(board: Board, build: Path, options: Mapping[str, str]) -> None:
    """Afresh when the command line is another one, or when it was broken off."""
    command = _configuration(board, build, options)
    wanted = "\n".join(command)
    stamp = build / SETTINGS
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    steps.run(f"configure {build.name}", command, env=common.environment())
    stamp.write_text(wanted, encoding="utf-8")


def check_size(board: Board, image: Path) -> None:
    """The linker knows the chip's flash, not where in it the files begin."""
    text = (paths.ROOT / "boards" / f"{board.env}.json").read_text(encoding="utf-8")
    room, size = json.loads(text)["upload"]["maximum_size"], image.stat().st_size
    if size > room:
        raise steps.StepError(f"{board.env}: {size} bytes, but the file system begins at {room}")


def _write_uf2(board: Board, build: Path) -> None:
    """The file that is copied to the board's drive. Complete or absent."""
    fresh = build / "firmware.uf2.new"
    uf2conv = common.MICROPYTHON / "tools" / "uf2conv.py"
    command: list[str | Path] = [PYTHON, uf2conv, "--convert"]
    command += ["-f", hex(board.uf2_family), "-b", hex(FLASH_BASE), "-o", fresh]
    common.quiet([*command, build / "firmware.bin"])
    os.replace(fresh, build / "firmware.uf2")


def build(board: Board, folder: Path | None = None, options: Mapping[str, str] = {}) -> Path:
    """Folder with firmware.elf, firmware.bin and firmware.uf2: the board's, if none is named.
    `options` are more of cmake's -D."""
    folder = folder or common.build_folder(board)
    _configure(board, folder, options)
    command = ["ninja", "-C", str(folder)]
    steps.run(f"firmware {folder.name}", command, env=common.environment())
    check_size(board, folder / "firmware.bin")
    _write_uf2(board, folder)
    return folder
