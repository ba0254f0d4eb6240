# SPDX-License-Identifier: MIT
"""`pio run -t upload` for real boards: what a person sees, and the exit status.

The firmware is made up where the upload alone is the matter; the long half builds a Pico's.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit import esp32_rom as rom
from wgprov.targets import uf2

ROOT = Path(__file__).resolve().parents[2]
UPLOAD = ROOT / "firmware" / "platform" / "tools" / "upload.py"
PIO = Path(sys.executable).parent / "pio"
RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59
BLOCKS = 300
NO_NETWORK = {
    **{name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")},
    "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "0",
    "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
}


def upload(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, UPLOAD, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def refused(done: subprocess.CompletedProcess[str], status: int, text: str) -> None:
    """One line of ours on standard error, the last one, and the status. (Above it may be esptool's
    warning that a pty has no lines to reset a chip by.)"""
    assert done.returncode == status and "Traceback" not in done.stderr, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if "WARNING" not in line]
    assert len(lines) == 1 and lines[0].startswith("upload: ") and text in lines[0], done.stderr


def uf2_file(path: Path, family: int) -> Path:
    def block(number: int) -> bytes:
        head = (*uf2.MAGIC_START, uf2.FLAG_FAMILY, 0x10000000 + 256 * number, 256, number, BLOCKS)
        return struct.pack("<8I476xI", *head, family, uf2.MAGIC_END)

    path.write_bytes(b"".join(block(number) for number in range(BLOCKS)))
    return path


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a Pico's drive until a whole UF2 file is on it."""
    folder = tmp_path / "drive"
    folder.mkdir()
    info = folder / uf2.INFO
    info.write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            for path in folder.glob("*.uf2"):
                data = path.read_bytes()
                total = struct.unpack_from("<I", data, 24)[0] if len(data) > 32 else -1
                if len(data) == total * uf2.BLOCK_BYTES:
                    info.unlink(missing_ok=True)

    thread = threading.Thread(target=watch)
    thread.start()
    yield folder
    ended.set()
    thread.join()


# --- UF2 ------------------------------------------------------------------------------------------


def test_uf2(drive: Path, tmp_path: Path) -> None:
    image = uf2_file(tmp_path / "firmware.uf2", RP2040)
    done = upload("rpi_pico", "rpi_pico", "uf2", drive, "--folder", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "copying 150 KiB to" in done.stdout and "restarts" in done.stdout
    assert (drive / "firmware.uf2").read_bytes() == image.read_bytes()


def test_uf2_for_another_chip(drive: Path, tmp_path: Path) -> None:
    uf2_file(tmp_path / "firmware.uf2", RP2350)
    done = upload("rpi_pico2", "rpi_pico2", "uf2", drive, "--folder", tmp_path)
    refused(done, 4, "wrong board: firmware.uf2 is for RP2350")
    assert not (drive / "firmware.uf2").exists() and done.stdout == ""


def test_uf2_no_drive(tmp_path: Path) -> None:
    uf2_file(tmp_path / "firmware.uf2", RP2040)
    arguments = ("rpi_pico", "rpi_pico", "uf2", tmp_path, "--folder", tmp_path)
    refused(upload(*arguments), 3, "no boot drive, it has no INFO_UF2.TXT: hold BOOTSEL")


def test_not_built(tmp_path: Path) -> None:
    refused(upload("rpi_pico", "rpi_pico", "uf2", "--folder", tmp_path), 2, "No such file")
    refused(upload("esp32", "esp32", "esptool", "x", "--folder", tmp_path), 2, "build the firmware")


def test_unknown_names(tmp_path: Path) -> None:
    refused(upload("x", "no_board", "uf2"), 2, "no board no_board")
    refused(upload("rpi_pico", "rpi_pico", "tape"), 2, "no upload protocol tape")


# --- ESP32 ----------------------------------------------------------------------------------------


@pytest.fixture
def esp32_folder(tmp_path: Path) -> Path:
    board = json.loads((ROOT / "boards" / "esp32.json").read_text(encoding="utf-8"))
    for _, name in [*board["upload"]["flash_extra_images"], ["", board["upload"]["image"]]]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(range(256)) * 20)
    return tmp_path


def test_esptool(esp32_folder: Path) -> None:
    with rom.RomLoader("esp32") as loader:
        done = upload("esp32", "esp32", "esptool", loader.port, "--folder", esp32_folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert loader.faults == [] and done.stdout.count("Hash of data verified") == 3
    assert loader.flash[0x10000:][:5120] == bytes(range(256)) * 20


def test_esptool_wrong_board(esp32_folder: Path) -> None:
    with rom.RomLoader("esp32s3", 8 << 20) as loader:
        done = upload("esp32", "esp32", "esptool", loader.port, "--folder", esp32_folder)
    refused(done, 4, "wrong board: the firmware is for esp32, the chip is an esp32s3")


def test_esptool_no_port(esp32_folder: Path) -> None:
    done = upload("esp32", "esp32", "esptool", "/dev/ttyNOPE", "--folder", esp32_folder)
    refused(done, 3, "no such port")


# --- ST-LINK --------------------------------------------------------------------------------------


def test_stlink_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "firmware.bin").write_bytes(b"x")
    environ = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, UPLOAD, "n", "nucleo_f767zi", "stlink", "--folder", tmp_path],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    refused(done, 2, "st-flash is not installed")


# --- by pio ---------------------------------------------------------------------------------------


def pio(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PIO, *arguments],
        cwd=ROOT,
        env={**os.environ, **NO_NETWORK, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=590,
    )


def environments() -> list[str]:
    done = pio("project", "config", "--json-output")
    sections = [name for name, _ in json.loads(done.stdout)]
    return [name.removeprefix("env:") for name in sections if name.startswith("env:")]


def test_every_board_file_has_its_environment() -> None:
    files = {path.stem for path in (ROOT / "boards").glob("*.json")}
    assert files == set(environments()) - {"native"}


@pytest.mark.parametrize("path", sorted((ROOT / "boards").glob("*.json")), ids=lambda p: p.stem)
def test_board_files_follow_conventions(path: Path) -> None:
    """What PlatformIO wants of a board, and what our builder reads."""
    board = json.loads(path.read_text(encoding="utf-8"))
    assert all(board[key] for key in ("name", "url", "vendor", "build", "upload"))
    assert board["platforms"] == ["micropython"] and board["url"].startswith("https://")
    assert {"mcu", "cpu", "f_cpu"} <= board["build"].keys()
    assert board["upload"]["protocol"] in board["upload"].get("protocols", ["qemu"])
    assert board["upload"]["maximum_size"] > 0 and board["upload"]["maximum_ram_size"] > 0
    folder = ROOT / "boards" / path.stem.removesuffix("_riscv").upper()
    assert folder.is_dir(), "MicroPython's board folder"
    assert f"`{path.stem}`" in (ROOT / "docs" / "BOARDS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("env", ["esp32s2", "nucleo_f767zi"])
def test_nothing_to_upload_by_pio(env: str, tmp_path: Path) -> None:
    """Neither is ever built here. The first thing that a PlatformIO does which has no packages."""
    options = ("-t", "nobuild", "-t", "upload", "--upload-port", "x")
    done = pio("run", "-e", env, *options, PLATFORMIO_CORE_DIR=str(tmp_path))
    lines = [line for line in done.stderr.splitlines() if line.startswith("upload: ")]
    assert done.returncode != 0 and len(lines) == 1, done.stdout + done.stderr


@pytest.mark.boards
@pytest.mark.timeout(900)
def test_pico_by_pio(drive: Path, tmp_path: Path) -> None:
    """Built by make, copied to the drive; then a drive of another chip refuses it."""
    done = pio("run", "-e", "rpi_pico", "-t", "upload", "--upload-port", str(drive))
    assert done.returncode == 0, done.stdout + done.stderr
    built = ROOT / ".cache" / "build" / "firmware" / "rpi_pico" / "firmware.uf2"
    assert (drive / "firmware.uf2").read_bytes() == built.read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    (other / uf2.INFO).write_text("Model: other\nBoard-ID: RP2350\n")
    options = ("-t", "nobuild", "-t", "upload", "--upload-port", str(other))
    done = pio("run", "-e", "rpi_pico", *options)
    assert done.returncode != 0 and "wrong board: firmware.uf2 is for RPI-RP2" in done.stderr


@pytest.mark.boards
@pytest.mark.timeout(900)
def test_check_the_whole_firmware() -> None:
    severities = [f"--fail-on-defect={word}" for word in ("low", "medium", "high")]
    done = pio("check", "-e", "qemu_an386", *severities)
    assert done.returncode == 0 and "No defects found" in done.stdout, done.stdout
