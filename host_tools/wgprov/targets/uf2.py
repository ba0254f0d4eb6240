# SPDX-License-Identifier: MIT
"""RP2040 and RP2350: a UF2 file copied to the drive that the chip's boot ROM shows.

    image = uf2.read(path)              what it is for, every block checked
    drive = uf2.find_drive(image)       or uf2.open_drive(folder)
    uf2.copy(image, drive)              returns when the board has taken it and restarted

picotool does the same over USB without a drive, where it is installed. The formats: Microsoft's
UF2 specification; RP2040 data sheet 2.8.4, RP2350 data sheet 5.5.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from wgprov import platforms
from wgprov.errors import BoardError, InputError, PortError, printable

BLOCK_BYTES = 512
SECTOR_BYTES = 4096  # what the flash erases at once
MAGIC_START = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
PAYLOAD_MAX_BYTES = 476
FLAG_NOT_MAIN_FLASH = 0x1
FLAG_FAMILY = 0x2000
IMAGE_MAX_BYTES = 64 * 1024 * 1024

INFO = "INFO_UF2.TXT"
INFO_MAX_BYTES = 4096
# Family of the file -> the Board-ID of the boot ROM that takes it.
BOARD_IDS = {
    0xE48BFF56: "RPI-RP2",
    0xE48BFF57: "RP2350",  # absolute addresses: also the first block that works round RP2350-E10
    0xE48BFF58: "RP2350",  # data
    0xE48BFF59: "RP2350",  # Arm, secure
    0xE48BFF5A: "RP2350",  # RISC-V
    0xE48BFF5B: "RP2350",  # Arm, non-secure
}
HOW_BOOTSEL = "hold BOOTSEL while you plug the board in"

CHUNK_BYTES = 64 * 1024
RESTART_TIMEOUT_S = 10.0
POLL_S = 0.1
PICOTOOL_TIMEOUT_S = 120
GONE = (errno.ENOENT, errno.ENODEV, errno.EIO, errno.ENXIO, errno.ENOTDIR)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Image:
    """A UF2 file that is whole. `board_id` is what the drive must say it is."""

    path: Path
    families: frozenset[int]
    board_id: str
    size_bytes: int


@dataclass(frozen=True)
class Drive:
    """A mounted drive of a boot ROM, and what its INFO_UF2.TXT says."""

    folder: Path
    model: str
    board_id: str


# --- the file ------------------------------------------------------------------------------------


def read(path: Path) -> Image:
    """Check every block. InputError, one line, for a file that a board could only half take."""
    try:
        data = path.read_bytes() if path.stat().st_size <= IMAGE_MAX_BYTES else b""
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if not data or len(data) % BLOCK_BYTES:
        raise InputError(f"{path}: not a UF2 file: {len(data)} bytes are no whole blocks of 512")
    blocks = [data[i : i + BLOCK_BYTES] for i in range(0, len(data), BLOCK_BYTES)]
    families = _families(path, blocks)
    ids = {BOARD_IDS.get(family, "") for family in families}
    if ids - {""} == set() or len(ids) != 1:
        listed = ", ".join(f"{family:#010x}" for family in sorted(families))
        raise InputError(f"{path}: for no RP2040 or RP2350 (UF2 family {listed or 'not given'})")
    return Image(path, families, ids.pop(), len(data))


def _families(path: Path, blocks: list[bytes]) -> frozenset[int]:
    """The families of the blocks; each family numbers its own blocks from 0."""
    counted: dict[int, int] = {}
    totals: dict[int, int] = {}
    for place, block in enumerate(blocks):
        start0, start1, flags, _, size, number, total, family = struct.unpack_from("<8I", block)
        (end,) = struct.unpack_from("<I", block, BLOCK_BYTES - 4)
        if (start0, start1) != MAGIC_START or end != MAGIC_END or size > PAYLOAD_MAX_BYTES:
            raise InputError(f"{path}: block {place} is no UF2 block")
        if flags & FLAG_NOT_MAIN_FLASH or not flags & FLAG_FAMILY:
            continue
        if number != counted.get(family, 0) or total != totals.setdefault(family, total):
            raise InputError(f"{path}: block {place} is out of order")
        counted[family] = number + 1
    # RP2350-E10's extra first block says that it is one of two, and the second never comes.
    whole = {f for f, count in counted.items() if count == totals[f]}
    if not whole or any(counted[f] > 1 for f in counted.keys() - whole):
        raise InputError(f"{path}: blocks are missing at its end")
    return frozenset(counted)


def span(data: bytes) -> tuple[int, int]:
    """The flash that the blocks of a UF2 file cover, in whole sectors."""
    targets = []
    for at in range(0, len(data), BLOCK_BYTES):
        flags, address, size = struct.unpack_from("<3I", data, at + 8)
        if not flags & FLAG_NOT_MAIN_FLASH:
            targets.append((address, address + size))
    start = min(first for first, _ in targets) // SECTOR_BYTES * SECTOR_BYTES
    return start, -(-max(last for _, last in targets) // SECTOR_BYTES) * SECTOR_BYTES


# --- the drive -----------------------------------------------------------------------------------


def open_drive(folder: Path) -> Drive:
    """The drive at a folder. PortError when it is none: nothing is ever copied anywhere else."""
    try:
        with open(folder / INFO, "rb") as file:
            text = file.read(INFO_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        raise PortError(f"{folder}: no boot drive, it has no {INFO}: {HOW_BOOTSEL}") from None
    fields = dict(re.findall(r"^([\w-]+): *(.*?)\s*$", text, re.M))
    model, board_id = (printable(fields.get(key, ""), 60) for key in ("Model", "Board-ID"))
    return Drive(folder, model, board_id)


def drives(folders: Iterable[Path] | None = None) -> list[Drive]:
    """The boot drives among the mounted ones."""
    found = platforms.drive_folders() if folders is None else folders
    return [open_drive(folder) for folder in found if (folder / INFO).is_file()]


def find_drive(image: Image, folders: Iterable[Path] | None = None) -> Drive:
    """The one drive that takes this image. PortError when there is none, or several."""
    present = drives(folders)
    fitting = [drive for drive in present if drive.board_id == image.board_id]
    if len(fitting) > 1:
        listed = ", ".join(str(drive.folder) for drive in fitting)
        raise PortError(f"several boards ({listed}): name one drive")
    if not fitting and present:
        check(image, present[0])
    if not fitting:
        raise PortError(f"no {image.board_id} drive is mounted: {HOW_BOOTSEL}")
    return fitting[0]


def check(image: Image, drive: Drive) -> None:
    """BoardError unless the drive's boot ROM is that of the chip which the image is for."""
    if drive.board_id != image.board_id:
        raise BoardError(
            f"wrong board: {image.path.name} is for {image.board_id}, and the drive "
            f"{drive.folder} is of {drive.board_id or 'an unnamed board'}"
        )


# --- the copy ------------------------------------------------------------------------------------


def copy(
    image: Image,
    drive: Drive,
    progress: Progress | None = None,
    restart_timeout_s: float = RESTART_TIMEOUT_S,
) -> None:
    """Write the image; returns when the drive has gone, which says that the board restarted.

    PortError: the drive is read-only or full, or vanished too early. BoardError: it stayed."""
    check(image, drive)
    data = image.path.read_bytes()
    target = drive.folder / image.path.name
    written = 0
    try:
        with open(target, "wb", buffering=0) as file:
            for start in range(0, len(data), CHUNK_BYTES):
                written += file.write(data[start : start + CHUNK_BYTES])
                if progress is not None:
                    progress(written, len(data))
            os.fsync(file.fileno())
    except OSError as error:
        # The board restarts when it has the last block, which may be before the system is done.
        if written < len(data) or error.errno not in GONE:
            raise PortError(f"{drive.folder}: {_reason(error)}") from None
    if not _wait_gone(drive, restart_timeout_s):
        raise BoardError(
            f"{drive.folder}: still there {restart_timeout_s:g} s after the copy: "
            "the board did not take the file"
        )


def _reason(error: OSError) -> str:
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return "the drive is read-only: mount it so that you may write to it"
    if error.errno == errno.ENOSPC:
        return "the drive is full: it is not an empty boot drive"
    if error.errno in GONE:
        return "the drive vanished during the copy: check the cable, try again"
    return f"cannot write: {error.strerror}"


def _wait_gone(drive: Drive, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while (drive.folder / INFO).exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


# --- picotool ------------------------------------------------------------------------------------


def picotool() -> str | None:
    """The program's path, where it is installed."""
    return shutil.which("picotool")


def picotool_command(image: Image, program: str, address: str = "") -> list[str]:
    """Load, verify, and start. address: "BUS:ADDRESS" as `picotool info` names a board."""
    where = []
    if address:
        found = re.fullmatch(r"(\d+):(\d+)", address)
        if found is None:
            raise InputError(f"{address}: picotool's boards are named BUS:ADDRESS, as 1:12")
        where = ["--bus", found[1], "--address", found[2]]
    return [program, "load", "--verify", "--execute", str(image.path), *where]


def load_by_picotool(image: Image, address: str = "") -> None:
    """Its output goes through; BoardError when it fails."""
    program = picotool()
    if program is None:
        raise InputError("picotool is not installed: copy to the drive instead (protocol uf2)")
    command = picotool_command(image, program, address)
    try:
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, timeout=PICOTOOL_TIMEOUT_S
        ).returncode
    except subprocess.TimeoutExpired:
        raise BoardError(f"picotool did not end within {PICOTOOL_TIMEOUT_S} s") from None
    if status:
        raise BoardError(f"picotool ended with status {status}: {HOW_BOOTSEL}")
