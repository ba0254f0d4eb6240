# SPDX-License-Identifier: MIT
"""wgprov peer: the server's side of a provisioned board, in the words of the server's program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wgprov import serverpeer, transport, uapi
from wgprov.errors import BoardError, InputError, printable
from wgprov.keys import is_key
from wgprov.options import json_option, port_option, show_secrets_option
from wgprov.output import note, print_json, say
from wgprov.serverformats import FORMATS, render
from wgprov.serverpeer import PrivateFile, ServerPeer
from wgprov.session import Session, choose


def run(session: Session, name: str | None) -> ServerPeer:
    """Ask the board: its public key and its addresses. It gives out no preshared key."""
    hello = session.hello()
    chosen = choose(name, hello["names"])
    reply = session.request("config", name=chosen)
    if not is_key(reply.get("public_key")):
        raise BoardError("the board's answer holds no public key: update its module")
    title = f"{chosen} on {printable(hello.get('board'), 60)}"
    routes = serverpeer.board_routes(reply.get("config"))
    kept = any(reply.get("preshared") or [])
    return ServerPeer(title, reply["public_key"], routes, None, preshared_unchanged=kept)


@click.command("peer")
@click.argument("name", required=False)
@port_option
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take it from a file that `provision` wrote, preshared key included, not from a board.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="peer",
    show_default=True,
    help="What to print: a [Peer] block, a command, a section of a file, or a request's body.",
)
@click.option("--interface", default="wg0", show_default=True, help="The server's interface.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there, mode 0600."
)
@click.option(
    "--apply", is_flag=True, help="Hand it to the WireGuard of this computer (socket, or `wg`)."
)
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Its UAPI socket, for --apply.",
)
@show_secrets_option
@json_option
def command(
    name: str | None,
    port: str,
    source: Path | None,
    form: str,
    interface: str,
    out: Path | None,
    apply: bool,
    socket: Path | None,
    show_secrets: bool,
    as_json: bool,
) -> None:
    """Print what the server has to know about a board, or hand it over.

    \b
    Examples:
      wgprov peer                                               [Peer], from the board
      wgprov peer --from wg0.server-peer.conf --format networkd --out peer.netdev
      wgprov peer --from wg0.server-peer.conf --apply --interface wg0
    """
    if source and name:
        raise InputError("NAME and --from contradict each other")
    if out and out.exists():
        raise InputError(f"{out}: exists: choose another --out")
    if source:
        peer = serverpeer.load(source)
    else:
        with transport.connect(port) as session:
            peer = run(session, name)
    if peer.preshared_unchanged:
        note("the board keeps its preshared key to itself: use --from the file of `provision`")
    how = uapi.apply(peer, interface, socket) if apply else None
    if out:
        PrivateFile(out, render(peer, form, interface, show_secrets=True)).keep()
    _report(peer, form, interface, show_secrets, how, out, as_json)


def _report(
    peer: ServerPeer,
    form: str,
    interface: str,
    show_secrets: bool,
    how: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    text = render(peer, form, interface, show_secrets)
    if as_json:
        answer: dict[str, Any] = {"public_key": peer.public_key, "allowed_ips": peer.allowed_ips}
        answer |= {"applied": how, "file": str(out) if out else None, "format": form, "text": text}
        print_json(answer)
    elif how:
        say(f"{interface}: has the peer {peer.public_key} now ({how})")
    elif out:
        say(f"{out}: written, mode 0600")
    else:
        click.echo(text, nl=False)
