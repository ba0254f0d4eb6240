# SPDX-License-Identifier: MIT
"""wgprov lock: from here on, whoever wants to change a board needs a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wgprov import keys, locking, transport
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.session import Session


def run(session: Session, key: bytearray) -> dict[str, Any]:
    """Lock the board with the public half of `key`."""
    session.hello()
    session.lock(key)
    return {"locked": True}


@click.command("lock")
@click.option(
    "--key",
    "path",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The lock's private key; made, mode 0600, when there is none. Keep it.",
)
@port_option
@json_option
def command(path: Path, port: str, as_json: bool) -> None:
    """Lock a board: to provision, rotate, remove or export needs the key in FILE from then on.

    The board gets the public half only. It does not help against somebody at the board's REPL or
    with a reader for its flash.

    \b
    Examples:
      wgprov lock --key fleet.lock
      wgprov rotate --lock-key fleet.lock
      wgprov unlock --lock-key fleet.lock
    """
    key = locking.read_or_make(path)
    try:
        with transport.connect(port) as session:
            answer = run(session, key)
    finally:
        keys.wipe(key)
    if as_json:
        print_json(answer)
    else:
        say(f"locked: keep {path}, without it only `wgprov unlock --erase` is left")
