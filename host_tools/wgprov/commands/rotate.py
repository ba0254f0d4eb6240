# SPDX-License-Identifier: MIT
"""wgprov rotate: a new key pair for a board, and no moment in which neither key works.

1. `rotate` lets the board make a new pair beside the one in force, and prints its public key.
2. The server gets the new public key, for the same addresses. From here the old one is dead there.
3. `rotate --switch` puts the new one in force and waits for a handshake. When none comes, the board
   goes back to the old pair, which it still has; when one comes, the old one is destroyed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import click

from wgprov import serverpeer, transport, wgshow
from wgprov.errors import BoardError, PortError, printable
from wgprov.keys import is_key
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.serverformats import render
from wgprov.serverpeer import ServerPeer
from wgprov.session import Session, choose

WAIT_S = 20.0
POLL_S = 0.5


@dataclass
class Rotation:
    """`state` is staged, switched or back."""

    name: str
    state: str
    public_key: str
    server: ServerPeer | None = None

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"name": self.name, "state": self.state}
        answer["public_key"] = self.public_key
        if self.server:
            answer["allowed_ips"] = self.server.allowed_ips
        return answer


def begin(session: Session, name: str | None) -> Rotation:
    """Let the board make the new pair. The tunnel goes on with the old one."""
    hello = session.hello()
    chosen = choose(name, hello["names"])
    now = session.request("config", name=chosen)
    config = now.get("config")
    routes = serverpeer.board_routes(config)
    modes = ["keep"] * len(config.get("peers") or [])
    made = session.request("prepare", config=config, key="new", psk=modes)
    if not is_key(made.get("public_key")) or made["public_key"] == now.get("public_key"):
        raise BoardError("the board made no new key: update its module")
    title = f"{chosen} on {printable(hello.get('board'), 60)}, the new key"
    kept = any(made.get("preshared") or [])
    server = ServerPeer(title, made["public_key"], routes, None, preshared_unchanged=kept)
    return Rotation(chosen, "staged", made["public_key"], server)


def switch(session: Session, name: str | None, wait_s: float = WAIT_S) -> Rotation:
    """Put the new pair in force, if the server answers to it; else the old one again."""
    chosen = choose(name, session.hello()["names"])
    staged = session.request("staged", name=chosen)
    session.request("exchange", name=chosen, token=staged.get("token"))
    if _handshake(session, chosen, wait_s):
        session.request("discard", name=chosen)
        return Rotation(chosen, "switched", printable(staged.get("public_key")))
    old = session.request("staged", name=chosen)
    back = session.request("exchange", name=chosen, token=old.get("token"))
    return Rotation(chosen, "back", printable(back.get("public_key")))


def _handshake(session: Session, name: str, wait_s: float) -> bool:
    """True when a peer has answered since the tunnel was started anew."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        shown = wgshow.known_fields(session.request("show"))
        [interface] = [i for i in shown if i.get("name") == name] or [{"peers": []}]
        if wgshow.handshake_age_s(interface) is not None:
            return True
        time.sleep(POLL_S)
    return False


@click.command("rotate")
@click.argument("name", required=False)
@port_option
@click.option("--switch", "switching", is_flag=True, help="The server knows the new key: use it.")
@click.option(
    "--wait", default=WAIT_S, show_default=True, help="Seconds to wait for a handshake.", type=float
)
@json_option
def command(name: str | None, port: str, switching: bool, wait: float, as_json: bool) -> None:
    """Give a board a new key pair, without a moment in which neither key works.

    \b
    Examples:
      wgprov rotate            the board makes a new pair; prints the server's [Peer]
      wgprov rotate --switch   when the server has it: use it, or go back by itself
    """
    with transport.connect(port) as session:
        rotation = switch(session, name, wait) if switching else begin(session, name)
    if as_json:
        print_json(rotation.as_json())
    else:
        _print(rotation)
    if rotation.state == "back":
        raise PortError(
            f"{rotation.name}: no handshake with the new key within {wait:g} s, the old one is in "
            "force again: give the server the new one, then `wgprov rotate --switch`"
        )


def _print(rotation: Rotation) -> None:
    if rotation.state == "switched":
        say(f"{rotation.name}: the new key is in use, the old one destroyed")
        say(f"  public key: {rotation.public_key}")
    elif rotation.server:
        say(f"{rotation.name}: a new key waits beside the one in use")
        say("\nFor the server, in place of the old [Peer]; then `wgprov rotate --switch`:\n")
        click.echo(render(rotation.server, "peer", rotation.name, False), nl=False)
