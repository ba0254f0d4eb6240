# SPDX-License-Identifier: MIT
"""wgprov backup: the configuration of a board as a wg-quick file, without its secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wgprov import transport
from wgprov.errors import BoardError, InputError
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.serverpeer import PrivateFile
from wgprov.session import Session, choose
from wgprov.wgconf import from_config


def run(session: Session, name: str | None) -> dict[str, Any]:
    """{"config", "public_key", "preshared": [bool]} of an interface."""
    chosen = choose(name, session.hello()["names"])
    reply = session.request("config", name=chosen)
    return {key: reply.get(key) for key in ("config", "public_key", "preshared")}


@click.command("backup")
@click.argument("name", required=False)
@port_option
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there.")
@json_option
def command(name: str | None, port: str, out: Path | None, as_json: bool) -> None:
    """Print a board's configuration as `provision` takes it. Keys stay on the board.

    \b
    Examples:
      wgprov backup > wg0.conf
      wgprov backup wg0 --out wg0.conf -p /dev/ttyACM0
    """
    if out and out.exists():
        raise InputError(f"{out}: exists: choose another --out")
    with transport.connect(port) as session:
        answer = run(session, name)
    try:
        text = from_config(answer["config"])
    except (InputError, KeyError, TypeError, ValueError, AttributeError):
        raise BoardError("the board's configuration makes no sense: update its module") from None
    if out:
        PrivateFile(out, text).keep()
    if as_json:
        print_json(answer)
    elif out:
        say(f"{out}: written")
    else:
        click.echo(text, nl=False)
