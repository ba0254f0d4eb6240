# SPDX-License-Identifier: MIT
"""wgprov remove: make a board forget an interface and its keys."""

from __future__ import annotations

import sys
from typing import Any

import click

from wgprov import transport
from wgprov.errors import InputError, printable
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.session import Session, choose


def run(session: Session, name: str) -> dict[str, Any]:
    """Remove `name`; its private key is gone for good."""
    choose(name, session.hello()["names"])
    reply = session.request("remove", name=name)
    return {"name": name, "tunnel": printable(reply.get("tunnel"))}


@click.command("remove")
@click.argument("name")
@port_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
def command(name: str, port: str, yes: bool, as_json: bool) -> None:
    """Remove an interface from a board, its private key included.

    \b
    Examples:
      wgprov remove wg0
      wgprov remove wg0 -p /dev/ttyACM0 --yes
    """
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"remove {name}: destroys the board's key: say --yes")
        click.confirm(f"Remove {name} and its private key from the board?", abort=True)
    with transport.connect(port) as session:
        result = run(session, name)
    if as_json:
        print_json(result)
    else:
        say(f"{name}: removed")
