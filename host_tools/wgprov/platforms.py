# SPDX-License-Identifier: MIT
"""Where Linux, macOS and Windows differ, in one place: each fact takes the system's name as
sys.platform has it, so that a test can ask for another than its own."""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

# Connect names, as mpremote's: a0, u0, c3.
SHORTCUTS = {"a": "/dev/ttyACM", "u": "/dev/ttyUSB", "c": "COM"}
SHORTCUT_PATTERN = re.compile(r"([acu])([0-9]+)")

# What to do about a port that may not be opened. (Windows says this of a port that is in use.)
_PERMISSION = {
    "linux": "add yourself to its group (often `dialout`) and log in again",
    "darwin": "open it as the user who plugged it in",
}

# IP_MTU and IPV6_MTU as option numbers: ip(7) and ipv6(7); ws2ipdef.h. macOS has none.
_PATH_MTU_OPTION = {"linux": {4: 14, 6: 24}, "win32": {4: 73, 6: 72}}

# Where a WireGuard in user space has its socket: wireguard.com/xplatform.
_SOCKET_FOLDERS = {
    "linux": (Path("/var/run/wireguard"), Path("/run/wireguard")),
    "darwin": (Path("/var/run/wireguard"),),
}


def device_of(name: str) -> str:
    """The device of a connect name; anything else is returned as it is."""
    found = SHORTCUT_PATTERN.fullmatch(name)
    return SHORTCUTS[found[1]] + found[2] if found else name


def permission_advice(platform: str = sys.platform) -> str:
    return _PERMISSION.get(platform, "see who may use it")


def path_mtu_option(version: int, platform: str = sys.platform) -> int | None:
    """The socket option that tells the MTU of a connected socket's path, for IP version 4 or 6."""
    return _PATH_MTU_OPTION.get(platform, {}).get(version)


def socket_folders(platform: str = sys.platform) -> tuple[Path, ...]:
    return _SOCKET_FOLDERS.get(platform, ())


def has_file_modes(platform: str = sys.platform) -> bool:
    """Whether a file's mode says who may read it. On Windows the folder's access list does."""
    return platform != "win32"


def drive_folders(
    platform: str = sys.platform,
    mounts: Path = Path("/proc/self/mounts"),
    volumes: Path = Path("/Volumes"),
) -> list[Path]:
    """Where this system mounts drives of the boot ROM's kind (FAT)."""
    if platform == "win32":
        return [Path(f"{letter}:\\") for letter in string.ascii_uppercase[2:]]
    if platform == "darwin":
        return sorted(volumes.glob("*"))
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [Path(_unescape(row[1])) for row in rows if len(row) > 2 and row[2] in ("vfat", "msdos")]


def _unescape(text: str) -> str:
    """The kernel writes a space in a mount point as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
