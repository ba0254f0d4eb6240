# SPDX-License-Identifier: MIT
"""Options that several commands have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from wgprov import pairing, transport
from wgprov.transport import BoardName


def complete_port(
    _context: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For the Tab key: the boards on USB, by device and by serial number."""
    names = []
    for port in transport.usb_ports():
        names.append((port.device, port.description))
        if port.serial_number:
            names.append((f"id:{port.serial_number}", f"{port.description} at {port.device}"))
    return [CompletionItem(name, help=text) for name, text in names if name.startswith(incomplete)]


_port = click.option(
    "-p",
    "--port",
    default="auto",
    envvar="WGPROV_PORT",
    show_default=True,
    metavar="PORT",
    shell_complete=complete_port,
    help="auto, id:SERIAL, a device such as /dev/ttyACM0 or COM3, a0/u0/c3, or a URL "
    "(socket://host:port, rfc2217://host:port); framed: before it for an agent without a REPL.",
)
_pairing_code = click.option(
    "--pairing-code",
    metavar="-|FILE",
    help="The code that the board shows (wireguard.pair()), for a cable that is not trusted: "
    "typed without echo, or read from FILE.",
)
_lock_key = click.option(
    "--lock-key",
    type=click.Path(path_type=Path),
    envvar="WGPROV_LOCK_KEY",
    metavar="FILE",
    help="The key of a board that was locked (wgprov lock).",
)


def port_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """-p, and what opens the board there: the command gets it all as `port`, a BoardName."""

    @_port
    @_pairing_code
    @_lock_key
    @functools.wraps(command)
    def with_port(port: str, pairing_code: str | None, lock_key: Path | None, **rest: Any) -> Any:
        pairing.refuse_code(pairing_code)
        name = BoardName(port)
        name.pairing_code, name.lock_key = pairing_code, lock_key
        return command(port=name, **rest)

    return with_port


show_secrets_option = click.option(
    "--show-secrets", is_flag=True, help="Print the preshared key instead of (hidden)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
