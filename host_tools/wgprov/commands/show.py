# SPDX-License-Identifier: MIT
"""wgprov show: what `wg show` would print, from a board."""

from __future__ import annotations

import time
from typing import Any

import click

from wgprov import transport, wgshow
from wgprov.errors import BoardError
from wgprov.options import json_option, port_option
from wgprov.output import note, print_json
from wgprov.session import Session


def run(session: Session, name: str | None = None) -> list[dict[str, Any]]:
    """The board's interfaces, or the one called `name`."""
    session.hello()
    interfaces = wgshow.known_fields(session.request("show"))
    if name is None:
        return interfaces
    chosen = [i for i in interfaces if i.get("name") == name]
    if not chosen:
        names = ", ".join(str(i.get("name")) for i in interfaces) or "none"
        raise BoardError(f"the board has no interface {name} (it has: {names})")
    return chosen


@click.command("show")
@click.argument("name", required=False)
@port_option
@click.option("--dump", is_flag=True, help="Fields between tabs, as `wg show all dump`.")
@json_option
def command(name: str | None, port: str, dump: bool, as_json: bool) -> None:
    """Print the board's interfaces as `wg show` does. No secret is ever printed.

    \b
    Examples:
      wgprov show
      wgprov show wg0 -p /dev/ttyACM0 --json
    """
    with transport.connect(port) as session:
        interfaces = run(session, name)
    if as_json:
        print_json({"interfaces": interfaces})
    elif dump:
        click.echo(wgshow.dump(interfaces, int(time.time())), nl=False)
    elif interfaces:
        click.echo(wgshow.text(interfaces), nl=False)
    else:
        note("the board has no interface yet: see `wgprov provision --help`")
