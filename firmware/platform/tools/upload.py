#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Uploads a firmware to a real board, for `pio run -t upload`.

    upload.py ENV BOARD uf2 [DRIVE]           copy to the drive of the boot ROM (found if not named)
    upload.py ENV BOARD picotool [BUS:ADDR]   the same over USB, by picotool
    upload.py ENV BOARD esptool [PORT]        ESP32, by esptool (the only board, if not named)
    upload.py ENV BOARD stlink [SERIAL]       STM32, by st-flash of stlink-tools

ENV names the folder below .cache/build/firmware, BOARD the file in boards/. --folder DIR takes the
firmware from another folder. Exit status: 0 done, 2 bad input, 3 no port or drive, 4 wrong board.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from wgprov import transport
from wgprov.errors import BoardError, InputError, WgprovError
from wgprov.targets import uf2

ROOT = Path(__file__).resolve().parents[3]
KIB = 1024
STM32_FLASH = "0x08000000"
PROTOCOLS = ("uf2", "picotool", "esptool", "stlink")


def by_uf2(folder: Path, port: str) -> None:
    """Copy, and wait for the board to restart."""
    image = uf2.read(folder / "firmware.uf2")
    drive = uf2.open_drive(Path(port)) if port else uf2.find_drive(image)
    uf2.check(image, drive)
    print(
        f"copying {image.size_bytes // KIB} KiB to {drive.folder} ({drive.model}) ...", flush=True
    )
    uf2.copy(image, drive)
    print("done: the board has taken it and restarts")


def by_picotool(folder: Path, port: str) -> None:
    """picotool says itself what it does."""
    uf2.load_by_picotool(uf2.read(folder / "firmware.uf2"), port)


def by_esptool(folder: Path, port: str, board: dict) -> None:
    """esptool says itself what it does. It takes a second to import."""
    from wgprov.targets import esp32

    job = esp32.plan(board, folder)
    esp32.flash(job, transport.resolve(port or "auto"))


def by_stlink(folder: Path, port: str, board: dict) -> None:
    """st-flash says itself what it does."""
    image = folder / board["upload"]["image"]
    program = shutil.which("st-flash")
    if program is None:
        raise InputError("st-flash is not installed (Debian package stlink-tools)")
    if not image.is_file():
        raise InputError(f"no {image}: build the firmware first")
    which = ["--serial", port] if port else []
    command = [program, *which, "--reset", "write", str(image), STM32_FLASH]
    if status := subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise BoardError(f"st-flash ended with status {status}")


def upload(board_id: str, protocol: str, folder: Path, port: str) -> None:
    """Carry out one upload; WgprovError, one line, when it cannot be."""
    try:
        text = (ROOT / "boards" / f"{board_id}.json").read_text(encoding="utf-8")
    except OSError:
        raise InputError(f"no board {board_id}") from None
    if protocol == "uf2":
        by_uf2(folder, port)
    elif protocol == "picotool":
        by_picotool(folder, port)
    elif protocol == "esptool":
        by_esptool(folder, port, json.loads(text))
    elif protocol == "stlink":
        by_stlink(folder, port, json.loads(text))
    else:
        raise InputError(f"no upload protocol {protocol}: there are {', '.join(PROTOCOLS)}")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Upload a firmware to a board.")
    parser.add_argument("env")
    parser.add_argument("board")
    parser.add_argument("protocol")
    parser.add_argument("port", nargs="?", default="")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or ROOT / ".cache" / "build" / "firmware" / given.env
    try:
        upload(given.board, given.protocol, folder, given.port)
    except WgprovError as error:
        print(f"upload: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
