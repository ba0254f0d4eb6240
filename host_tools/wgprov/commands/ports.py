# SPDX-License-Identifier: MIT
"""wgprov ports: the serial ports, and what answers on each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from wgprov import transport
from wgprov.errors import BoardError, WgprovError, printable


@dataclass
class Found:
    """One port. `module` is the version of the board's wireguard module, None without one."""

    port: str
    serial_number: str = ""
    description: str = ""
    board: str | None = None
    module: str | None = None
    interfaces: list[str] = field(default_factory=list)
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run(names: list[str], probe: bool = True) -> list[Found]:
    """All USB serial ports, or the named ones; asking interrupts the program a board runs."""
    if names:
        found = [Found(name) for name in names]
    else:
        found = [Found(p.device, p.serial_number, p.description) for p in transport.usb_ports()]
    for port in found:
        if probe:
            _ask(port)
    return found


def _ask(port: Found) -> None:
    try:
        with transport.connect(port.port) as session:
            hello = session.hello()
        port.board = printable(hello.get("board"), 60)
        port.module = printable(hello.get("version"), 20)
        port.interfaces = hello["names"]
    except WgprovError as error:
        port.note = str(error).removeprefix(f"{port.port}: ")
        if isinstance(error, BoardError):  # there is a prompt
            _ask_micropython(port)


def _ask_micropython(port: Found) -> None:
    try:
        port.board = transport.identify(port.port) or None
    except WgprovError:
        return
