# SPDX-License-Identifier: MIT
"""UF2 files and the drives that take them: what is read, what is refused, one line each."""

from __future__ import annotations

import os
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wgprov.errors import BoardError, InputError, PortError
from wgprov.targets import uf2

RP2040, RP2350_ARM, ABSOLUTE, ESP32S2 = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57, 0xBFDD4EEE
INFO = "UF2 Bootloader v3.0\r\nModel: {model}\r\nBoard-ID: {board_id}\r\n"


def block(number: int, total: int, family: int, flags: int = uf2.FLAG_FAMILY) -> bytes:
    head = struct.pack(
        "<8I", *uf2.MAGIC_START, flags, 0x10000000 + 256 * number, 256, number, total, family
    )
    return head + bytes([number & 255]) * 476 + struct.pack("<I", uf2.MAGIC_END)


def blocks(total: int, family: int) -> bytes:
    return b"".join(block(number, total, family) for number in range(total))


@pytest.fixture
def image(tmp_path: Path) -> uf2.Image:
    path = tmp_path / "firmware.uf2"
    path.write_bytes(blocks(600, RP2040))
    return uf2.read(path)


def make_drive(folder: Path, board_id: str = "RPI-RP2", model: str = "Raspberry Pi RP2") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / uf2.INFO).write_text(INFO.format(model=model, board_id=board_id), newline="")
    return folder


def one_line(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text and len(text) < 300
    return text


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "board_id"),
    [
        (blocks(3, RP2040), "RPI-RP2"),
        (blocks(300, RP2350_ARM), "RP2350"),
        (block(0, 2, ABSOLUTE) + blocks(4, RP2350_ARM), "RP2350"),  # picotool's first block: E10
        (block(0, 1, 0, flags=uf2.FLAG_NOT_MAIN_FLASH) + blocks(2, RP2040), "RPI-RP2"),
    ],
)
def test_read(data: bytes, board_id: str, tmp_path: Path) -> None:
    path = tmp_path / "a.uf2"
    path.write_bytes(data)
    found = uf2.read(path)
    assert (found.board_id, found.size_bytes) == (board_id, len(data))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a UF2 file"),
        (blocks(3, RP2040)[:-1], "not a UF2 file"),
        (blocks(2, RP2040) + bytes(512), "block 2 is no UF2 block"),
        (blocks(3, RP2040)[:-4] + bytes(4), "block 2 is no UF2 block"),
        (blocks(3, RP2040)[:1024], "missing at its end"),
        (blocks(3, RP2040)[512:], "block 0 is out of order"),
        (block(0, 2, RP2040) + block(1, 3, RP2040), "out of order"),
        (blocks(3, ESP32S2), "for no RP2040 or RP2350 (UF2 family 0xbfdd4eee)"),
        (blocks(2, RP2040) + blocks(2, RP2350_ARM), "for no RP2040 or RP2350"),
        (block(0, 1, 0, flags=0), "missing at its end"),
    ],
)
def test_read_refuses(data: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "a.uf2"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        uf2.read(path)
    assert complaint in one_line(error)


def test_read_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        uf2.read(tmp_path / "none.uf2")


# --- drives ---------------------------------------------------------------------------------------


def test_find_the_one_that_fits(image: uf2.Image, tmp_path: Path) -> None:
    plain = tmp_path / "stick"
    plain.mkdir()
    folders = [plain, make_drive(tmp_path / "a b"), make_drive(tmp_path / "five", "RP2350")]
    found = uf2.find_drive(image, folders)
    assert (found.folder, found.model) == (tmp_path / "a b", "Raspberry Pi RP2")


@pytest.mark.parametrize(
    ("ids", "failure", "complaint"),
    [
        ([], PortError, "no RPI-RP2 drive is mounted: hold BOOTSEL"),
        (["RP2350"], BoardError, "wrong board: firmware.uf2 is for RPI-RP2"),
        (["RPI-RP2", "RPI-RP2"], PortError, "several boards"),
    ],
)
def test_find_none(
    ids: list[str], failure: type, complaint: str, image: uf2.Image, tmp_path: Path
) -> None:
    folders = [make_drive(tmp_path / str(i), board_id) for i, board_id in enumerate(ids)]
    with pytest.raises(failure) as error:
        uf2.find_drive(image, folders)
    assert complaint in one_line(error)


def test_a_folder_that_is_no_boot_drive(tmp_path: Path) -> None:
    with pytest.raises(PortError) as error:
        uf2.open_drive(tmp_path)
    assert "has no INFO_UF2.TXT: hold BOOTSEL" in one_line(error)


def test_what_a_drive_says_cannot_drive_a_terminal(tmp_path: Path) -> None:
    drive = uf2.open_drive(make_drive(tmp_path, "\x1b[2JRPI", "x" * 500))
    assert "\x1b" not in drive.board_id and len(drive.model) <= 60


# --- copying --------------------------------------------------------------------------------------


@pytest.fixture
def board(tmp_path: Path) -> Iterator[tuple[Path, dict]]:
    """A drive that goes away when it has a whole file, as the boot ROM does; what it was given."""
    folder, taken = make_drive(tmp_path / "drive"), {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            for path in folder.glob("*.uf2"):
                data = path.read_bytes()
                if len(data) == 600 * uf2.BLOCK_BYTES:
                    taken[path.name] = data
                    (folder / uf2.INFO).unlink()
                    return

    thread = threading.Thread(target=watch)
    thread.start()
    yield folder, taken
    ended.set()
    thread.join()


def test_copy(image: uf2.Image, board: tuple[Path, dict]) -> None:
    folder, taken = board
    steps: list[tuple[int, int]] = []
    uf2.copy(image, uf2.open_drive(folder), lambda *step: steps.append(step))
    assert taken == {"firmware.uf2": image.path.read_bytes()}
    assert steps[-1] == (image.size_bytes, image.size_bytes) and len(steps) > 2


def test_board_that_does_not_take_it(image: uf2.Image, tmp_path: Path) -> None:
    drive = uf2.open_drive(make_drive(tmp_path / "d"))
    with pytest.raises(BoardError) as error:
        uf2.copy(image, drive, restart_timeout_s=0.3)
    assert "did not take the file" in one_line(error)


def test_wrong_board_gets_nothing(image: uf2.Image, tmp_path: Path) -> None:
    folder = make_drive(tmp_path / "d", "RP2350")
    with pytest.raises(BoardError) as error:
        uf2.copy(image, uf2.open_drive(folder))
    assert "wrong board" in one_line(error)
    assert [path.name for path in folder.iterdir()] == [uf2.INFO]


@pytest.fixture
def small_mount(tmp_path: Path) -> Iterator[Path]:
    """A drive of 64 KiB that can be made read-only; without root, only by its permissions."""
    folder = tmp_path / "mount"
    folder.mkdir()
    if os.geteuid() == 0:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=True)
    make_drive(folder)
    yield folder
    if os.geteuid() == 0:
        subprocess.run(["umount", folder], check=True)
    else:
        folder.chmod(0o755)


def test_read_only_drive(image: uf2.Image, small_mount: Path) -> None:
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,ro", small_mount], check=True)
    else:
        small_mount.chmod(0o555)
    with pytest.raises(PortError) as error:
        uf2.copy(image, uf2.open_drive(small_mount))
    assert "the drive is read-only" in one_line(error)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a drive of a given size")
def test_full_drive(image: uf2.Image, small_mount: Path) -> None:
    with pytest.raises(PortError) as error:
        uf2.copy(image, uf2.open_drive(small_mount))
    assert "the drive is full" in one_line(error)


def test_copy_does_not_wait_for_ever(image: uf2.Image, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(BoardError):
        uf2.copy(image, uf2.open_drive(make_drive(tmp_path / "d")), restart_timeout_s=0.2)
    assert time.monotonic() - started < 5


# --- picotool -------------------------------------------------------------------------------------


def test_picotool_command(image: uf2.Image) -> None:
    command = uf2.picotool_command(image, "picotool", "1:12")
    assert command[1:4] == ["load", "--verify", "--execute"]
    assert command[4:] == [str(image.path), "--bus", "1", "--address", "12"]
    with pytest.raises(InputError, match="BUS:ADDRESS"):
        uf2.picotool_command(image, "picotool", "/dev/ttyACM0")


def test_without_picotool(image: uf2.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="not installed"):
        uf2.load_by_picotool(image)
