# SPDX-License-Identifier: MIT
"""wgprov ports: the serial ports, and what answers on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import click

from wgprov import transport
from wgprov.errors import BoardError, WgprovError, printable
from wgprov.options import json_option
from wgprov.output import print_json, print_table, say


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


@click.command("ports")
@click.option("-p", "--port", "names", multiple=True, metavar="PORT", help="Ask only this port.")
@click.option("--no-probe", is_flag=True, help="List only; do not open the ports.")
@json_option
def command(names: Sequence[str], no_probe: bool, as_json: bool) -> None:
    """List serial ports and what answers on them.

    Asking interrupts the program that a board runs, as mpremote does.

    \b
    Examples:
      wgprov ports
      wgprov ports --no-probe --json
      wgprov ports -p socket://127.0.0.1:5555
    """
    found = run(list(names), not no_probe)
    if as_json:
        print_json({"ports": [port.as_json() for port in found]})
    elif not found:
        say("no USB serial ports: plug a board in, or name a port with -p")
    else:
        _print_ports(found)


def _print_ports(found: list[Found]) -> None:
    rows = [
        (p.port, p.serial_number, p.board or "", p.module or "", ", ".join(p.interfaces), p.note)
        for p in found
    ]
    print_table(("port", "serial number", "board", "module", "interfaces", "note"), rows)
