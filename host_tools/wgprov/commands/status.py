# SPDX-License-Identifier: MIT
"""wgprov status: is the tunnel up, and if not, why, in words."""

from __future__ import annotations

from typing import Any

import click

from wgprov import transport, wgshow
from wgprov.commands import show
from wgprov.errors import BoardError
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say


def words(interface: dict[str, Any]) -> str:
    """One line: up since when, or what keeps it down."""
    if not interface.get("up"):
        return f"down: {interface.get('error') or interface.get('status') or 'switched off'}"
    age = wgshow.handshake_age_s(interface)
    if age is None:
        return f"up: {interface.get('status') or 'no handshake yet'}"
    return f"up: latest handshake {wgshow.ago(age)}"


@click.command("status")
@click.argument("name", required=False)
@port_option
@json_option
def command(name: str | None, port: str, as_json: bool) -> None:
    """Say whether the tunnels are up, and why not. Exit status 4 when one is down.

    \b
    Examples:
      wgprov status
      wgprov status wg0 -p /dev/ttyACM0 --json
    """
    with transport.connect(port) as session:
        interfaces = show.run(session, name)
    found = {str(i.get("name")): (bool(i.get("up")), words(i)) for i in interfaces}
    if as_json:
        print_json({name: {"up": up, "status": text} for name, (up, text) in found.items()})
    else:
        for label, (_, text) in found.items():
            say(f"{label}: {text}")
    down = [label for label, (up, _) in found.items() if not up]
    if not found:
        raise BoardError("the board has no interface: see `wgprov provision --help`")
    if down:
        raise BoardError(f"{', '.join(down)}: down (`wgprov doctor` looks for the cause)")
