# SPDX-License-Identifier: MIT
"""ESP32 family: images written through the chip's ROM loader by esptool 5, used as a library.

    job = esp32.plan(board, folder)     board: a boards/*.json as a dict; folder: what a build left
    esp32.flash(job, "/dev/ttyUSB0")

What goes where, flash mode, frequency and size come from the board file. esptool checks the MD5 of
what the flash then holds; here it is checked first that the chip is the board's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serial
from esptool import cmds
from esptool.loader import ESPLoader
from esptool.logger import log
from esptool.util import FatalError

from wgprov import transport
from wgprov.errors import BoardError, InputError, PortError, printable

CONNECT_BAUD = 115200
CONNECT_ATTEMPTS = 3
FLASH_MODES = ("dio", "dout")
FLASH_SIZES = tuple(f"{mib}MB" for mib in (1, 2, 4, 8, 16, 32))
HZ_PER_MHZ = 1_000_000
HOW_DOWNLOAD = "hold BOOT, press and release RESET, try again"


@dataclass(frozen=True)
class Part:
    """One file and where it goes in the flash."""

    offset: int
    path: Path


@dataclass(frozen=True)
class Job:
    """What to write to which chip. flash_freq is "keep" or as esptool names it ("40m")."""

    chip: str
    parts: tuple[Part, ...]
    flash_mode: str
    flash_freq: str
    flash_size: str
    baud: int


# --- the board file ------------------------------------------------------------------------------


def plan(board: Mapping[str, Any], folder: Path, baud: int | None = None) -> Job:
    """From a boards/*.json and a build folder. InputError when either is not as it must be."""
    try:
        build, upload = board["build"], board["upload"]
        named = [*upload["flash_extra_images"], [upload["offset_address"], upload["image"]]]
        job = Job(
            chip=str(build["mcu"]),
            parts=tuple(Part(int(str(offset), 0), folder / name) for offset, name in named),
            flash_mode=_header_mode(str(build["flash_mode"])),
            flash_freq=_frequency(str(build["f_flash"])),
            flash_size=str(upload["flash_size"]),
            baud=baud or int(upload["speed"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        name = printable(board.get("name", "board file"))
        raise InputError(f"{name}: its upload settings are not complete: {error!r}") from None
    _check(job)
    return job


def _frequency(text: str) -> str:
    """ "40000000L", as PlatformIO's board files have it -> "40m", as esptool has it."""
    return f"{int(text.rstrip('L')) // HZ_PER_MHZ}m"


def _header_mode(text: str) -> str:
    """The ROM reads the bootloader in two-bit mode; that one then turns four-bit mode on."""
    return {"qio": "dio", "qout": "dout"}.get(text, text)


def _check(job: Job) -> None:
    if job.flash_mode not in FLASH_MODES or job.flash_size not in FLASH_SIZES:
        raise InputError(f"no flash of mode {job.flash_mode} and size {job.flash_size} is known")
    end = 0
    for part in sorted(job.parts, key=lambda part: part.offset):
        if not part.path.is_file():
            raise InputError(f"no {part.path}: build the firmware first")
        if part.offset < end:
            raise InputError(f"{part.path}: overlaps what lies before it at {part.offset:#x}")
        end = part.offset + part.path.stat().st_size


# --- writing -------------------------------------------------------------------------------------


def flash(job: Job, port: str, *, stub: bool = True, verbosity: str = "auto") -> None:
    """Write the parts, check their MD5, restart the chip.

    stub: use esptool's faster loader, which is sent to the chip's RAM first.  verbosity: "silent"
    for no output. PortError: no port, or nothing answers on it. BoardError: another chip, or what
    was written is not what is in the flash."""
    log.set_verbosity(verbosity)
    with _open(port) as chip, _one_line(port):
        _check_chip(job, chip)
        loader = cmds.run_stub(chip) if stub else chip
        if job.baud != CONNECT_BAUD:
            loader.change_baud(job.baud)
        cmds.attach_flash(loader)
        cmds.write_flash(
            loader,
            [(part.offset, str(part.path)) for part in job.parts],
            flash_freq=job.flash_freq,
            flash_mode=job.flash_mode,
            flash_size=job.flash_size,
        )
        cmds.reset_chip(loader, "hard-reset")


@contextlib.contextmanager
def _open(port: str) -> Iterator[ESPLoader]:
    with _one_line(port):
        chip = cmds.detect_chip(port, CONNECT_BAUD, connect_attempts=CONNECT_ATTEMPTS)
    try:
        yield chip
    finally:
        with contextlib.suppress(OSError):
            chip._port.close()


@contextlib.contextmanager
def _one_line(port: str) -> Iterator[None]:
    """esptool's errors have hints of several lines; the first says what happened."""
    try:
        yield
    except FatalError as error:
        first = str(error).strip().splitlines()[0]
        if first.startswith("Could not open"):
            raise transport.open_error(port, port) from None
        if first.startswith("Failed to connect"):
            raise PortError(f"{port}: no ESP32 in download mode answers: {HOW_DOWNLOAD}") from None
        raise BoardError(f"{port}: {printable(first)}") from None
    except (serial.SerialException, OSError) as error:
        raise PortError(f"{port}: the connection broke: {printable(error)}") from None


def _check_chip(job: Job, chip: ESPLoader) -> None:
    found = chip.CHIP_NAME.lower().replace("-", "")
    if found != job.chip:
        raise BoardError(f"wrong board: the firmware is for {job.chip}, the chip is an {found}")
