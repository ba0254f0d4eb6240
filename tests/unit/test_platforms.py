# SPDX-License-Identifier: MIT
"""Ports, drives, sockets and files as Linux, macOS and Windows have them. This runs on one of them;
what the other two do is asked of the functions that decide it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from serial import SerialException

from wgprov import keys, platforms, transport
from wgprov.transport import Port


@pytest.mark.parametrize(
    "name, device",
    [
        ("a0", "/dev/ttyACM0"),
        ("u12", "/dev/ttyUSB12"),
        ("c3", "COM3"),
        ("port:COM10", "COM10"),
        ("COM10", "COM10"),
        ("/dev/ttyACM1", "/dev/ttyACM1"),
        ("/dev/cu.usbmodem1101", "/dev/cu.usbmodem1101"),
        ("socket://h:1", "socket://h:1"),
        ("rfc2217://h:1", "rfc2217://h:1"),
        ("a", "a"),
    ],
)
def test_connect_names(name: str, device: str) -> None:
    assert transport.resolve(name) == device


class Listed:
    """What pyserial's list_ports says of a port."""

    def __init__(self, device: str, vid: int | None, serial: str | None, text: str) -> None:
        self.device, self.vid, self.serial_number, self.description = device, vid, serial, text


@pytest.mark.parametrize(
    "listed, expected",
    [
        # Linux: a board, and the PC's own UART, which is no board
        (
            [Listed("/dev/ttyS0", None, None, "n/a"), Listed("/dev/ttyACM0", 0x2E8A, "E6", "Pico")],
            [Port("/dev/ttyACM0", "E6", "Pico")],
        ),
        # macOS: Bluetooth's port is none either
        (
            [
                Listed("/dev/cu.Bluetooth-Incoming-Port", None, None, "n/a"),
                Listed("/dev/cu.usbmodem1101", 0x2E8A, "E6", "Board in FS mode"),
            ],
            [Port("/dev/cu.usbmodem1101", "E6", "Board in FS mode")],
        ),
        # Windows: a UART bridge without a serial number
        (
            [Listed("COM1", None, None, "Port (COM1)"), Listed("COM7", 0x10C4, None, "CP210x")],
            [Port("COM7", "", "CP210x")],
        ),
    ],
)
def test_which_ports_are_boards(
    listed: list[Listed], expected: list[Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport.list_ports, "comports", lambda: listed)
    assert transport.usb_ports() == expected
    assert transport.resolve("auto") == expected[0].device


@pytest.mark.parametrize(
    "platform, error, words",
    [
        ("linux", FileNotFoundError(errno.ENOENT, "No such file"), "no such port: plug"),
        ("linux", PermissionError(errno.EACCES, "denied"), "dialout"),
        ("linux", OSError(errno.EBUSY, "busy"), "in use by another program"),
        ("linux", SerialException("Could not exclusively lock port x"), "in use by"),
        ("darwin", FileNotFoundError(errno.ENOENT, "No such file"), "no such port: plug"),
        ("darwin", PermissionError(errno.EPERM, "denied"), "as the user who plugged it in"),
        ("darwin", OSError(errno.EBUSY, "Resource busy"), "in use by another program"),
        (
            "win32",
            SerialException("could not open port 'COM3': FileNotFoundError(2, 'x', None, 2)"),
            "no such port: plug",
        ),
        (
            "win32",
            SerialException("could not open port 'COM3': PermissionError(13, 'x', None, 5)"),
            "in use by another program",
        ),
        ("win32", SerialException("could not open port: OSError(22, 'x', None, 121)"), "cannot"),
    ],
)
def test_why_a_port_does_not_open(platform: str, error: OSError, words: str) -> None:
    said = transport.open_reason(error, platform)
    assert words in said and "\n" not in said
    assert ("dialout" in said) == ("dialout" in words), "Linux's groups are Linux's"


def test_drives_of_linux(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdb1 /media/me/RPI-RP2 vfat rw,nosuid 0 0\n"
        "/dev/sdc1 /media/me/a\\040b vfat ro 0 0\n"
    )
    found = platforms.drive_folders("linux", mounts)
    assert found == [Path("/media/me/RPI-RP2"), Path("/media/me/a b")]
    assert platforms.drive_folders("linux", tmp_path / "none") == []


def test_drives_of_macos(tmp_path: Path) -> None:
    for name in ("RPI-RP2", "Macintosh HD"):
        (tmp_path / name).mkdir()
    found = platforms.drive_folders("darwin", volumes=tmp_path)
    assert found == [tmp_path / "Macintosh HD", tmp_path / "RPI-RP2"]


def test_drives_of_windows() -> None:
    found = platforms.drive_folders("win32")
    assert found[0] == Path("C:\\") and found[-1] == Path("Z:\\") and len(found) == 24


@pytest.mark.parametrize(
    "platform, folders, ipv4, ipv6, modes",
    [
        ("linux", 2, 14, 24, True),
        ("darwin", 1, None, None, True),
        ("win32", 0, 73, 72, False),
        ("freebsd14", 0, None, None, True),
    ],
)
def test_other_differences(
    platform: str, folders: int, ipv4: int | None, ipv6: int | None, modes: bool
) -> None:
    assert len(platforms.socket_folders(platform)) == folders
    assert platforms.path_mtu_option(4, platform) == ipv4
    assert platforms.path_mtu_option(6, platform) == ipv6
    assert platforms.has_file_modes(platform) is modes
    assert platforms.permission_advice(platform)


def test_windows_files_are_not_called_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0o644)
    assert keys.readable_by_others(tmp_path / "key")
    monkeypatch.setattr(platforms, "has_file_modes", lambda: False)
    assert not keys.readable_by_others(tmp_path / "key")
