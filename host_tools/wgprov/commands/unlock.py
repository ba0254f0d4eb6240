# SPDX-License-Identifier: MIT
"""wgprov unlock: take a board's lock away, by its key or by erasing the board."""

from __future__ import annotations

import sys
from typing import Any

import click

from wgprov import transport
from wgprov.errors import BoardError, InputError, printable
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.session import Session


def run(session: Session) -> dict[str, Any]:
    """Remove the lock for good; the session has its key."""
    if session.hello().get("locked") is not True:
        raise BoardError("the board is not locked")
    session.unlock(remove=True)
    return {"locked": False}


def erase(session: Session) -> dict[str, Any]:
    """Destroy every configuration and key on the board, and the lock."""
    session.hello(unlocking=False)
    names = session.request("erase").get("erased")
    erased = [printable(name, 20) for name in names] if isinstance(names, list) else []
    return {"locked": False, "erased": erased}


@click.command("unlock")
@click.option("--erase", "erasing", is_flag=True, help="Without the key: destroy what is on it.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@port_option
@json_option
def command(erasing: bool, yes: bool, port: str, as_json: bool) -> None:
    """Take a board's lock away. Needs --lock-key, or --erase, which destroys its keys.

    \b
    Examples:
      wgprov unlock --lock-key fleet.lock
      wgprov unlock --erase --yes
    """
    if erasing and not yes:
        if not sys.stdin.isatty():
            raise InputError("unlock --erase: destroys the board's keys: say --yes")
        click.confirm("Destroy every configuration and key on the board?", abort=True)
    if not erasing and getattr(port, "lock_key", None) is None:
        raise InputError("unlock: needs the lock's key: --lock-key FILE (or --erase)")
    with transport.connect(port) as session:
        answer = erase(session) if erasing else run(session)
    if as_json:
        print_json(answer)
    elif erasing:
        say(f"erased: {', '.join(answer['erased']) or 'there was nothing'}; not locked")
    else:
        say("unlocked")
