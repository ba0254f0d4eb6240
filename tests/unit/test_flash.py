# SPDX-License-Identifier: MIT
"""wgprov flash: what a file is for, what is erased, how a running board is asked for its drive."""

from __future__ import annotations

import json
import os
import pty
import select
import struct
import termios
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import demo.rig
import pytest
from demo.rig import chosen_env

from tests.unit import esp32_rom as rom
from tests.unit.test_esp32_flash import image
from tests.unit.test_uf2 import RP2040, blocks, make_drive
from wgprov import cli, platforms
from wgprov.commands import flash
from wgprov.errors import InputError
from wgprov.targets import uf2
from wgprov.targets.qemu_kept import KeptBoard


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.uf2"
    path.write_bytes(blocks(600, RP2040))
    return path


def test_a_uf2_says_what_it_erases(firmware: Path) -> None:
    found = flash.read(firmware)
    assert (found.chip, found.start) == ("RPI-RP2", 0x10000000)
    assert found.end - found.start == -(-600 * 256 // 4096) * 4096


@pytest.mark.parametrize(
    "chip, start",
    [("esp32", 0x1000), ("esp32s2", 0x1000), ("esp32s3", 0), ("esp32c3", 0), ("esp32c6", 0)],
)
def test_an_esp_image_says_what_it_is_for(chip: str, start: int, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(image(chip, bytes(5000)))
    found = flash.read(path)
    assert (found.chip, found.start, found.end) == (chip, start, start + 8192)
    assert flash.read(path, 0x10000).start == 0x10000


@pytest.mark.parametrize(
    "name, data, reason",
    [
        ("a.bin", b"", "neither"),
        ("a.bin", b"\x7fELF" + bytes(60), "neither"),
        ("a.bin", b"\xe9" + bytes(11) + struct.pack("<H", 77) + bytes(60), "number 77"),
        ("a.uf2", b"x" * 511, "not a UF2 file"),
        ("a.bin", None, "No such file"),
    ],
)
def test_other_files_are_refused(
    name: str, data: bytes | None, reason: str, tmp_path: Path
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=reason):
        flash.read(tmp_path / name)


def test_it_asks_first(firmware: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["flash", str(firmware), "-p", "/dev/does-not-exist"]) == 2
    captured = capfd.readouterr()
    assert "erases 155648 bytes of flash, 0x10000000 to 0x10026000" in captured.out
    assert captured.err.endswith("say --yes\n")


def test_a_bad_offset(firmware: Path) -> None:
    assert cli.run(["flash", str(firmware), "--offset", "here", "--yes"]) == 2


def take(drive: Path, name: str, size: int) -> threading.Thread:
    """The boot ROM: takes the file when it is whole, then the drive goes."""

    def run() -> None:
        for _ in range(1000):
            copied = drive / name
            if copied.exists() and copied.stat().st_size == size:
                os.unlink(drive / uf2.INFO)
                return
            threading.Event().wait(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_to_a_drive(firmware: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    drive = make_drive(tmp_path / "drive")
    taken = take(drive, firmware.name, firmware.stat().st_size)
    assert cli.run(["flash", str(firmware), "--drive", str(drive), "--yes", "--json"]) == 0
    taken.join(10)
    answer = json.loads(capfd.readouterr().out)
    assert answer["chip"] == "RPI-RP2" and len(answer["sha256"]) == 64
    assert (drive / firmware.name).read_bytes() == firmware.read_bytes()


@pytest.fixture
def silent_board() -> Iterator[tuple[str, int]]:
    """A serial port on which no prompt answers: (its name, the board's end)."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave), master
    os.close(master)
    os.close(slave)


def test_a_board_without_a_prompt_is_touched_at_1200_baud(
    firmware: Path,
    tmp_path: Path,
    silent_board: tuple[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, master = silent_board
    drive, taken = tmp_path / "drive", []
    stop = threading.Event()

    def board() -> None:
        while not stop.wait(0.01):
            if select.select([master], [], [], 0)[0]:
                os.read(master, 4096)
            if termios.tcgetattr(master)[4] == termios.B1200:
                make_drive(drive)
                taken.append(take(drive, firmware.name, firmware.stat().st_size))
                return

    monkeypatch.setattr(platforms, "drive_folders", lambda: [drive])
    thread = threading.Thread(target=board)
    thread.start()
    try:
        assert cli.run(["flash", str(firmware), "-p", port, "--yes"]) == 0
    finally:
        stop.set()
        thread.join(10)
    assert taken and (drive / firmware.name).read_bytes() == firmware.read_bytes()


def test_to_an_esp32(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(image("esp32c3", os.urandom(70_000)))
    with rom.RomLoader("esp32c3", 4 << 20) as loader:
        assert cli.run(["flash", str(path), "-p", loader.port, "--yes", "--json"]) == 0
    assert loader.faults == []
    data = path.read_bytes()
    assert bytes(loader.flash[: len(data)]) == data


def test_to_the_wrong_esp32(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(image("esp32c3", bytes(5000)))
    with rom.RomLoader("esp32", 4 << 20) as loader:
        assert cli.run(["flash", str(path), "-p", loader.port, "--yes"]) == 4
    assert "wrong board" in capfd.readouterr().err


def test_to_an_emulated_board(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It goes on running, with its files, when another image takes the place of the first."""
    env = chosen_env()
    elf = demo.rig.firmware(env)
    arguments = ["flash", "--qemu", env, "--folder", str(tmp_path), "--yes", "--json"]
    board = KeptBoard(env, tmp_path)
    try:
        assert cli.run([*arguments, str(elf)]) == 0
        first = json.loads(capfd.readouterr().out)
        assert first["port"] == str(board.link) and first["process"] == board.running()
        assert cli.run(["keygen", "--address", "10.7.0.2/24", "-p", first["port"]]) == 0
        copy = tmp_path / "copy.elf"
        copy.write_bytes(elf.read_bytes())
        capfd.readouterr()
        assert cli.run([*arguments, str(copy)]) == 0
        captured = capfd.readouterr()
        second = json.loads(captured.out)
        assert second["process"] != first["process"] and "erases nothing" in captured.err
        assert cli.run(["keygen", "--address", "10.7.0.2/24", "--json", "-p", second["port"]]) == 0
        assert json.loads(capfd.readouterr().out)["key"] == "kept"
    finally:
        board.stop()
    assert board.running() is None


@pytest.mark.parametrize(
    "more, reason",
    [
        (["--qemu", "qemu_an386", "a.uf2"], "belong together"),
        (["a.elf"], "belong together"),
        (["--qemu", "none", "a.elf"], "one of qemu_an385"),
        (["--qemu", "qemu_an386", "--folder", "none", "a.elf"], "no such folder"),
    ],
)
def test_bad_words_about_emulated_boards(
    more: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.elf").write_bytes(b"\x7fELF" + bytes(60))
    Path("a.uf2").write_bytes(blocks(16, RP2040))
    assert cli.run(["flash", "--yes", *more]) == 2
    assert reason in capfd.readouterr().err
