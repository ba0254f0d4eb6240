# SPDX-License-Identifier: MIT
"""Images to an ESP32, frame by frame: esptool against the loader of tests/unit/esp32_rom.py."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.unit import esp32_rom as rom
from wgprov.errors import BoardError, InputError, PortError
from wgprov.targets import esp32

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ("esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6")
CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32s3": 9, "esp32c3": 5, "esp32c6": 13}
MODES = {0: "qio", 1: "qout", 2: "dio", 3: "dout"}
SIZES = {0: "1MB", 1: "2MB", 2: "4MB", 3: "8MB"}


def board_file(env: str) -> dict:
    return json.loads((ROOT / "boards" / f"{env}.json").read_text(encoding="utf-8"))


def image(env: str, payload: bytes) -> bytes:
    """An application or bootloader image of one segment, as ESP-IDF documents the format."""
    head = struct.pack("<BBBBI", 0xE9, 1, 0, 0x10, 0x40080000)
    head += struct.pack("<B3sHBHH4sB", 0xEE, b"", CHIP_IDS[env], 0, 0, 0xFFFF, b"", 1)
    payload += b"\0" * (-len(payload) % 4)
    body = head + struct.pack("<II", 0x3FFB0000, len(payload)) + payload
    body += b"\0" * (15 - len(body) % 16) + bytes([rom.checksum(payload)])
    return body + hashlib.sha256(body).digest()


@pytest.fixture
def built(tmp_path: Path):
    """A function that fills a build folder for a board, with bytes that SLIP has to escape."""

    def make(env: str, app_bytes: int = 90_000) -> Path:
        noise = random.Random(7)
        text = bytes(noise.choice(b"\xc0\xdb\xdc\xdd\x00\xffwireguard") for _ in range(app_bytes))
        files = {
            "bootloader/bootloader.bin": image(env, text[:20_000]),
            "partition_table/partition-table.bin": b"\xaa\x50" + bytes(94) + b"\xff" * 2976,
            "micropython.bin": image(env, text + noise.randbytes(5_000)),
        }
        for name, data in files.items():
            path = tmp_path / env / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / env

    return make


def flash(env: str, folder: Path, loader, **options) -> None:
    esp32.flash(esp32.plan(board_file(env), folder), loader.port, verbosity="silent", **options)


# --- what is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
@pytest.mark.parametrize("env", BOARDS)
def test_flash_holds_what_was_built(env: str, stub: bool, built) -> None:
    board, folder = board_file(env), built(env)
    flash_bytes = int(board["upload"]["flash_size"].removesuffix("MB")) << 20
    with rom.RomLoader(env, flash_bytes) as loader:
        flash(env, folder, loader, stub=stub)
    assert loader.faults == []
    assert loader.is_stub == stub and (loader.stub_bytes > 1000) == stub
    assert loader.commands.count(0x13) >= 3, "an MD5 of each part"
    assert loader.parameters[1] == flash_bytes
    for offset, name in [
        *board["upload"]["flash_extra_images"][1:],
        ["0x10000", "micropython.bin"],
    ]:
        data = (folder / name).read_bytes()
        assert loader.flash[int(offset, 0) :][: len(data)] == data, name


@pytest.mark.parametrize("env", BOARDS)
def test_bootloader_header_has_the_boards_flash(env: str, built) -> None:
    board, folder = board_file(env), built(env, 4_000)
    with rom.RomLoader(env, 8 << 20) as loader:
        flash(env, folder, loader)
    start = int(board["upload"]["flash_extra_images"][0][0], 0)
    wrote = loader.flash[start:]
    plain = (folder / "bootloader" / "bootloader.bin").read_bytes()
    assert wrote[0] == 0xE9 and MODES[wrote[2]] == {"qio": "dio"}.get(
        board["build"]["flash_mode"], board["build"]["flash_mode"]
    )
    assert SIZES[wrote[3] >> 4] == board["upload"]["flash_size"]
    body = bytes(wrote[: len(plain) - 32])
    assert body[4:] == plain[4:-32], "all else is as it was built"
    assert bytes(wrote[len(body) : len(plain)]) == hashlib.sha256(body).digest()


# --- one line each --------------------------------------------------------------------------------


def one_line(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text and len(text) < 300
    return text


@pytest.mark.parametrize("other", ["esp32s3", "esp32c3", "esp32s2"])
def test_another_chip(other: str, built) -> None:
    with rom.RomLoader(other) as loader, pytest.raises(BoardError) as error:
        flash("esp32", built("esp32", 1000), loader)
    assert one_line(error) == f"wrong board: the firmware is for esp32, the chip is an {other}"
    assert loader.flash.strip(b"\xff") == b"", "nothing was written"
    assert loader.faults == []


def test_flash_that_does_not_hold(built) -> None:
    with rom.RomLoader("esp32", spoil=0x10100) as loader, pytest.raises(BoardError) as error:
        flash("esp32", built("esp32", 9_000), loader)
    assert "MD5" in one_line(error)


def test_firmware_larger_than_the_flash(built) -> None:
    with rom.RomLoader("esp32", 1 << 20) as loader, pytest.raises(BoardError) as error:
        flash("esp32", built("esp32", 1_100_000), loader)
    assert "will not fit" in one_line(error)


def test_nothing_answers(built) -> None:
    with rom.RomLoader("esp32", silent=True) as loader, pytest.raises(PortError) as error:
        flash("esp32", built("esp32", 1000), loader)
    assert "hold BOOT" in one_line(error)


def test_port_in_use(built) -> None:
    with rom.RomLoader("esp32") as loader:
        held = os.open(loader.port, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            with pytest.raises(PortError) as error:
                flash("esp32", built("esp32", 1000), loader)
        finally:
            os.close(held)
    assert "in use by another program" in one_line(error)


def test_no_port(built) -> None:
    folder = built("esp32", 1000)
    with pytest.raises(PortError) as error:
        esp32.flash(esp32.plan(board_file("esp32"), folder), "/dev/ttyNOPE", verbosity="silent")
    assert "no such port" in one_line(error)


def test_not_built(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        esp32.plan(board_file("esp32"), tmp_path)
    assert "build the firmware first" in one_line(error)


@pytest.mark.parametrize(
    "change", [{"flash_size": "5MB"}, {"offset_address": "here"}, {"speed": None}]
)
def test_board_file_that_is_wrong(change: dict, built) -> None:
    board = board_file("esp32")
    board["upload"].update(change)
    with pytest.raises(InputError) as error:
        esp32.plan(board, built("esp32", 1000))
    one_line(error)


def test_parts_that_overlap(built) -> None:
    board = board_file("esp32")
    board["upload"]["offset_address"] = "0x1400"
    with pytest.raises(InputError) as error:
        esp32.plan(board, built("esp32", 1000))
    assert "overlaps" in one_line(error)


# --- the loader finds what is wrong ---------------------------------------------------------------


def talk(loader, data: bytes) -> None:
    """Raw bytes to the loader, then a SYNC, whose answers say that it has read them."""
    fd = os.open(loader.port, os.O_RDWR | os.O_NOCTTY)
    try:
        settings = termios.tcgetattr(fd)
        settings[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(fd, termios.TCSANOW, settings)
        sync = struct.pack("<BBHI", 0, 8, 36, 0) + rom.SYNC_BYTES
        os.write(fd, data + rom.slip(sync))
        seen = b""
        while seen.count(b"\xc0\x01\x08") < 8:
            seen += os.read(fd, 4096)
    finally:
        os.close(fd)


def frame(command: int, data: bytes, check: int = 0, size: int | None = None) -> bytes:
    length = len(data) if size is None else size
    return rom.slip(struct.pack("<BBHI", 0, command, length, check) + data)


RAM_BEGIN = struct.pack("<4I", 8, 2, 4, 0x3FFB0000)
RAM_BLOCK = struct.pack("<4I", 4, 1, 0, 0) + b"abcd"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", None),
        (b"x", "outside a frame"),
        (b"\xc0\xdb\x01\xc0", "escape"),
        (frame(0x0A, bytes(4), size=5), "header"),
        (frame(0x0A, bytes(4), check=1), "checksum"),
        (frame(0x05, RAM_BEGIN) + frame(0x07, RAM_BLOCK, check=1), "checksum"),
        (frame(0x07, RAM_BLOCK, check=rom.checksum(b"abcd")), "without its begin"),
        (frame(0x05, RAM_BEGIN) + frame(0x07, RAM_BLOCK, check=rom.checksum(b"abcd")), "block 1"),
        (frame(0x02, struct.pack("<4I", 8, 1, 1024, 0x1001)), "of the flash"),
        (frame(0x13, struct.pack("<4I", 0, 5 << 20, 0, 0)), "MD5"),
    ],
)
def test_loader_notes_a_fault(data: bytes, fault: str | None) -> None:
    with rom.RomLoader("esp32") as loader:
        talk(loader, data)
    if fault is None:
        assert loader.faults == []
    else:
        assert loader.faults and fault in loader.faults[0]


def test_without_esp_idf() -> None:
    """`make esp32` stops at once, with one line that says what is missing and how to get it."""
    environ = {key: value for key, value in os.environ.items() if key != "IDF_PATH"}
    for env in BOARDS:
        done = subprocess.run(
            [sys.executable, "-m", "host_tools.boards.esp32", "build", env],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.count("\n") == 1 and "ESP-IDF v5.2.2 is missing" in done.stderr
        assert f"install.sh {env}" in done.stderr


@pytest.mark.parametrize(
    ("version", "wanted"), [("4.4", "has ESP-IDF 4.4"), ("5.2", "not on PATH")]
)
def test_an_esp_idf_that_does_not_do(version: str, wanted: str, tmp_path: Path) -> None:
    from host_tools.boards import esp32 as build
    from host_tools.bootstrap.steps import StepError

    major, minor = version.split(".")
    (tmp_path / "tools" / "cmake").mkdir(parents=True)
    text = f"set(IDF_VERSION_MAJOR {major})\nset(IDF_VERSION_MINOR {minor})\n"
    (tmp_path / "tools" / "cmake" / "version.cmake").write_text(text)
    with pytest.raises(StepError, match=wanted):
        build.find_idf("esp32", {"IDF_PATH": str(tmp_path), "PATH": ""})
