# SPDX-License-Identifier: MIT
"""wgprov keygen: let a board make its key before anything else about the tunnel is known."""

from __future__ import annotations

import click

from wgprov import serverpeer, transport
from wgprov.errors import BoardError, printable
from wgprov.fields import Section, Value
from wgprov.keys import is_key
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.serverformats import render
from wgprov.serverpeer import ServerPeer
from wgprov.session import Session
from wgprov.wgconf import WgQuick


def run(session: Session, name: str, addresses: list[str]) -> tuple[ServerPeer, str]:
    """The server's side, and whether the key was made or kept. Nothing on the board is in force
    after it; `provision` takes the key that was announced here."""
    hello = session.hello()
    if name in hello["names"]:  # it has one; preparing would replace what `rotate` left staged
        reply = session.request("config", name=name) | {"key": "kept"}
    else:
        config = {"name": name, "address": addresses, "peers": []}
        reply = session.request("prepare", config=config, key="keep", psk=[])
    if not is_key(reply.get("public_key")):
        raise BoardError("the board's answer holds no public key: update its module")
    title = f"{name} on {printable(hello.get('board'), 60)}"
    routes = serverpeer.host_routes(addresses)
    return ServerPeer(title, reply["public_key"], routes, None), printable(reply.get("key"))


def checked(address: str) -> list[str]:
    """The addresses of --address, by the rules of a configuration file."""
    section = Section("interface", "command line", 1)
    section.values["Address"] = [Value(address, "--address", 1, "command line")]
    return list(WgQuick("command line").interface_fields(section)["address"])


@click.command("keygen")
@click.argument("name", default="wg0")
@click.option("--address", required=True, help="The board's, as in a configuration: 10.7.0.2/24.")
@port_option
@json_option
def command(name: str, address: str, port: str, as_json: bool) -> None:
    """Let a board make its key pair, and print what the server has to know.

    `provision` uses this key later. A board that has the interface already tells its present key.

    \b
    Examples:
      wgprov keygen --address 10.7.0.2/24
      wgprov keygen wg1 --address 10.8.0.2/24,fd00:8::2/64 --json
    """
    addresses = checked(address)
    with transport.connect(port) as session:
        peer, origin = run(session, name, addresses)
    if as_json:
        answer = {"name": name, "public_key": peer.public_key, "key": origin}
        print_json(answer | {"allowed_ips": peer.allowed_ips})
        return
    say(f"{name}: key {origin}, it never leaves the board\n")
    click.echo(render(peer, "peer", name, False), nl=False)
