# SPDX-License-Identifier: MIT
"""wgprov flash: put firmware on a board. What it is for is read from the file."""

from __future__ import annotations

import contextlib
import hashlib
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, TaskProgressColumn, TextColumn

from wgprov import transport
from wgprov.errors import BoardError, InputError, PortError, printable
from wgprov.options import json_option, port_option
from wgprov.output import note, print_json, progress, say
from wgprov.targets import uf2

ELF_MAGIC = b"\x7fELF"
ESP_MAGIC = 0xE9
ESP_CHIP_ID_AT = 12  # in the image's extended header (ESP-IDF, "App Image Format")
# chip id -> (chip, where MicroPython's combined image goes)
ESP_CHIPS = {
    0: ("esp32", 0x1000),
    2: ("esp32s2", 0x1000),
    5: ("esp32c3", 0x0),
    9: ("esp32s3", 0x0),
    13: ("esp32c6", 0x0),
}
ERASE_BYTES = 4096
BAUD = 460800
TOUCH_BAUD = 1200  # the convention of Arduino's boards: opening at this rate means "boot loader"
DRIVE_TIMEOUT_S = 15.0
POLL_S = 0.2
ENTER_BOOT = "import machine\nmachine.bootloader()\n"


@dataclass(frozen=True)
class Image:
    """A checked file. `start` and `end` are what of the flash is erased, in bytes."""

    path: Path
    chip: str
    start: int
    end: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        answer = {"file": str(self.path), "chip": self.chip, "sha256": self.sha256}
        return answer | {"erases": [self.start, self.end]}


def read(path: Path, offset: int | None = None, qemu: str | None = None) -> Image:
    """What a .uf2 or .bin is for; raises InputError for anything else. A .elf is for `qemu`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from None
    digest = hashlib.sha256(data).hexdigest()
    if data[:4] == ELF_MAGIC and qemu:
        return Image(path, qemu, 0, 0, digest)
    if qemu or (data[:4] == ELF_MAGIC and path.suffix == ".elf"):
        raise InputError(f"{path}: --qemu BOARD and a .elf belong together")
    if path.suffix.lower() == ".uf2":
        image = uf2.read(path)
        return Image(path, image.board_id, *uf2.span(data), digest)
    if len(data) < ESP_CHIP_ID_AT + 2 or data[0] != ESP_MAGIC:
        raise InputError(f"{path}: neither a UF2 file nor an image for an ESP32")
    chip_id = struct.unpack_from("<H", data, ESP_CHIP_ID_AT)[0]
    if chip_id not in ESP_CHIPS:
        raise InputError(f"{path}: for an Espressif chip (number {chip_id}) that is not known here")
    chip, usual = ESP_CHIPS[chip_id]
    start = usual if offset is None else offset
    end = start + -(-len(data) // ERASE_BYTES) * ERASE_BYTES
    return Image(path, chip, start, end, digest)


def is_esp(image: Image) -> bool:
    return image.chip.startswith("esp")


def write_esp(image: Image, port: str, quiet: bool) -> None:
    """By esptool, which compares the MD5 of what the flash then holds."""
    from wgprov.targets import esp32

    parts = (esp32.Part(image.start, image.path),)
    job = esp32.Job(image.chip, parts, "keep", "keep", "keep", BAUD)
    esp32.flash(job, transport.resolve(port), verbosity="silent" if quiet else "auto")


def write_uf2(
    image: Image, port: str, drive: Path | None, advance: Callable[[int, int], None]
) -> None:
    """To the boot drive; a board that runs is asked to show it first."""
    checked = uf2.read(image.path)
    if drive:
        uf2.copy(checked, uf2.open_drive(drive), advance)
        return
    if not uf2.drives():
        enter_bootsel(port)
    uf2.copy(checked, _wait_for_drive(checked), advance)


def enter_bootsel(port: str) -> None:
    """Ask MicroPython to start the boot ROM; if no prompt answers, by the 1200-baud touch."""
    device = transport.resolve(port)
    try:
        transport.run_and_leave(port, ENTER_BOOT)
    except PortError:
        transport.touch(device, TOUCH_BAUD)


def _wait_for_drive(image: uf2.Image) -> uf2.Drive:
    deadline = time.monotonic() + DRIVE_TIMEOUT_S
    while True:
        try:
            return uf2.find_drive(image)
        except PortError:
            if uf2.drives() or time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)


def boot_qemu(image: Image, folder: Path) -> dict[str, Any]:
    """Start an emulated board with the image, in place of the one that runs."""
    from wgprov.targets.qemu import MACHINES, QemuError
    from wgprov.targets.qemu_kept import KeptBoard

    if image.chip not in MACHINES:
        raise InputError(f"--qemu {image.chip}: one of {', '.join(MACHINES)}")
    if not folder.is_dir():
        raise InputError(f"--folder {folder}: no such folder")
    board = KeptBoard(image.chip, folder)
    try:
        return {"process": board.start(image.path), "port": str(board.link)}
    except QemuError as error:
        raise BoardError(printable(error)) from None


@click.command("flash")
@click.argument("image", type=click.Path(path_type=Path))
@port_option
@click.option(
    "--drive",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The boot drive, where it is not found by itself.",
)
@click.option("--offset", type=str, metavar="ADDRESS", help="ESP32: other than the usual place.")
@click.option("--qemu", metavar="BOARD", help="Boot this emulated board with a .elf.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("."),
    help="QEMU: where the board's file system is kept, and BOARD.tty, its port.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
def command(
    image: Path,
    port: str,
    drive: Path | None,
    offset: str | None,
    qemu: str | None,
    folder: Path,
    yes: bool,
    as_json: bool,
) -> None:
    """Write firmware to a board: a .uf2 (RP2040, RP2350) or a .bin (ESP32 and its family).

    With --qemu a .elf is booted on an emulated board, in place of the one that runs.

    Files, configuration and keys on the board stay, unless the image reaches as far.

    \b
    Examples:
      wgprov flash firmware.uf2
      wgprov flash -p /dev/ttyUSB0 ESP32_GENERIC-v1.25.0.bin
      wgprov flash --qemu qemu_an386 firmware.elf
    """
    job = read(image, _number(offset), qemu)
    tell = note if as_json else say  # a script's standard output is the document alone
    tell(f"{image.name}: for {job.chip}, SHA-256 {job.sha256}")
    tell(_erased(job, qemu))
    answer = job.as_json()
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("flash: overwrites the board's firmware: say --yes")
        click.confirm("Go on?", abort=True)
    if qemu:
        answer |= boot_qemu(job, folder)
    elif is_esp(job):
        write_esp(job, port, quiet=as_json)
    else:
        with _bar(hidden=as_json) as advance:
            write_uf2(job, port, drive, advance)
    if as_json:
        print_json(answer)
    elif qemu:
        say(f"{qemu}: runs, port {answer['port']} (process {answer['process']}, end it by `kill`)")
    else:
        say(f"{job.chip}: written and restarted")


def _erased(job: Image, qemu: str | None) -> str:
    if qemu:
        return "erases nothing: the emulated board is started anew, its files stay"
    return f"erases {job.end - job.start} bytes of flash, {job.start:#x} to {job.end:#x}"


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text, 0)
    except ValueError:
        raise InputError(f"--offset {text}: not a number") from None


@contextlib.contextmanager
def _bar(hidden: bool) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("writing"), BarColumn(), TaskProgressColumn())
    with progress(*columns, hidden=hidden) as bar:
        task = bar.add_task("writing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
