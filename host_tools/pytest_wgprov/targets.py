# SPDX-License-Identifier: MIT
"""What the tunnel tests run on: an emulated board by name, or a board at a cable.

A bench is a TOML file, one [[board]] each:

    [[board]]
    name = "desk-pico"                  # unique; shown in reports
    board = "rpi_pico_w"                # what it is; without serial and port: one that is emulated
    serial = "E6614103E7174B2D"         # USB serial number, or: port = "/dev/ttyACM0", a URL
    server = "192.168.1.20"             # this computer's address as the board sees it
    listen = "192.168.1.20"             # where the servers listen (default: server)
    server_port = 51820                 # and the one above it (default: any)
    uplink = "uplinks/wifi.py"          # main.py that brings its network up; relative to this file
    patience = 1.0                      # times slower than expected: a busy computer, a slow link
    replace = false                     # may an interface wg0 that it has be destroyed?
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgprov import tomlfile, transport
from wgprov.errors import InputError, PortError
from wgprov.fields import read_text
from wgprov.patience import GREATEST
from wgprov.targets.qemu import MACHINES
from wgprov.targets.rp2040 import ENV as PICO

if TYPE_CHECKING:
    from demo.rig import Rig

ROOT = Path(__file__).resolve().parents[2]
EMULATED = (*MACHINES, PICO)
DEFAULT = "qemu_an386"
TEST_S, SLOW_TEST_S = 300.0, 900.0
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class Target:
    """port: connect name of a board at a cable, "" for an emulated one. The rest: see above."""

    name: str
    board: str
    port: str = ""
    server: str = ""
    listen: str = ""
    server_port: int = 0
    uplink: Path | None = None
    patience: float = 1.0
    replace: bool = False

    @property
    def kind(self) -> str:
        return "hardware" if self.port else "emulator"

    @property
    def limit_s(self) -> float:
        """How long one test may take: an emulated Pico is 15 times slower than QEMU's boards."""
        return (SLOW_TEST_S if self.board == PICO else TEST_S) * self.patience

    def absent(self) -> str:
        """Why there is nothing to test on, or ""."""
        if self.port:
            try:
                transport.resolve(self.port)
            except PortError as error:
                return str(error)
        return ""

    def missing(self) -> str:
        """What has to be built first, or ""."""
        _use_checkout()
        from demo import pico, rig
        from peer.driver import BINARY

        image = pico.uf2() if self.board == PICO else rig.firmware(self.board)
        for path, how in ((BINARY, "peer"), (image, self.board)):
            if not path.is_file() and not (self.port and how != "peer"):
                return f"{path} is missing: run `make {how}`"
        return ""

    def rig(self, folder: Path) -> Rig:
        """Servers and the board, ready to be entered. Imports what only a test needs."""
        _use_checkout()
        if self.port:
            return self._attached(folder)
        from demo import pico, rig

        made = pico.PicoRig(folder) if self.board == PICO else rig.Rig(self.board, folder)
        made.patience *= self.patience
        return made

    def _attached(self, folder: Path) -> Rig:
        from demo.attached import AttachedRig

        is_v6 = ":" in self.server
        return AttachedRig(
            self.name,
            folder,
            self.port,
            uplink=self.uplink,
            replace=self.replace,
            patience=self.patience,
            host=f"[{self.server}]" if is_v6 else self.server,
            listen=self.listen or self.server,
            server_port=self.server_port,
        )


def _use_checkout() -> None:
    """demo, peer and ppp are not installed; in a pytest run of the checkout they are found."""
    for folder in (ROOT / "host_tools", ROOT / "tests" / "hil"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


def emulated(name: str) -> Target:
    """--target."""
    if name not in EMULATED:
        raise InputError(f"{name}: not emulated here: one of {', '.join(EMULATED)}")
    return Target(name, name)


def attached(port: str, server: str, replace: bool = False) -> Target:
    """--port and --server."""
    if not server:
        raise InputError("--port: needs --server, this computer's address as the board sees it")
    return Target(port, "a board", port, _address("--server", server), replace=replace)


def read_bench(path: Path) -> list[Target]:
    """Every board of a bench file; InputError with one line for the first mistake."""
    found: list[Target] = []
    for where, row in tomlfile.rows(path, read_text(path), "board", tuple(FIELDS)):
        target = _target(path, where, row)
        for other in found:
            if target.name == other.name or target.port and target.port == other.port:
                shared = "name" if target.name == other.name else "serial or port"
                raise InputError(f"{where}: {shared}: is also board {found.index(other) + 1}'s")
        found.append(target)
    if not found:
        raise InputError(f"{path}: no board in it")
    return found


def _target(path: Path, where: str, row: dict[str, Any]) -> Target:
    for field in ("name", "board"):
        if field not in row:
            raise InputError(f"{where}: {field} is missing")
    values = {name: FIELDS[name](f"{where}: {name}", value) for name, value in row.items()}
    serial, port = values.pop("serial", ""), values.pop("port", "")
    if serial and port:
        raise InputError(f"{where}: serial, port: one of them")
    port = f"id:{serial}" if serial else port
    if not port and values["board"] not in EMULATED:
        raise InputError(f"{where}: serial is missing ({values['board']} is not emulated here)")
    if port and not values.get("server"):
        raise InputError(f"{where}: server is missing: this computer's address for the board")
    if "uplink" in values:
        values["uplink"] = _file(f"{where}: uplink", path.parent / values["uplink"])
    return Target(port=port, **values)


def _name(where: str, value: Any) -> str:
    if not isinstance(value, str) or not NAME_PATTERN.fullmatch(value):
        raise InputError(f"{where}: at most 40 letters, digits, . _ and -")
    return value


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise InputError(f"{where}: must be text")
    return value


def _address(where: str, value: Any) -> str:
    try:
        return str(ipaddress.ip_address(_text(where, value)))
    except ValueError:
        raise InputError(f"{where}: {value}: must be an IP address") from None


def _number(where: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputError(f"{where}: must be a number from {least:g} to {most:g}")
    return value


def _port(where: str, value: Any) -> int:
    return int(_number(where, value, 1, 65534))


def _patience(where: str, value: Any) -> float:
    return float(_number(where, value, 1, GREATEST))


def _flag(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{where}: must be true or false")
    return value


def _file(where: str, path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{where}: {path}: no such file")
    return path.resolve()


FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "name": _name,
    "board": _text,
    "serial": _text,
    "port": _text,
    "server": _address,
    "listen": _address,
    "server_port": _port,
    "uplink": _text,
    "patience": _patience,
    "replace": _flag,
}


def only(found: list[Target], names: list[str]) -> list[Target]:
    """Those boards of a bench that are called so; all without a name."""
    unknown = set(names) - {target.name for target in found}
    if unknown:
        has = ", ".join(target.name for target in found)
        raise InputError(f"{', '.join(sorted(unknown))}: not in the bench (it has: {has})")
    return [target for target in found if not names or target.name in names]
