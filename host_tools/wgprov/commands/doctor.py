# SPDX-License-Identifier: MIT
"""wgprov doctor: everything between this computer and a tunnel that works, one line each.

Each check is a function that returns Findings; what a check needs and an earlier one did not get is
said as skipped. Nothing is changed on the board, and no packet is sent to the server from here.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click

from wgprov import platforms, transport, wgshow
from wgprov.commands import selftest
from wgprov.errors import BoardError, PortError, WgprovError, printable
from wgprov.options import json_option, port_option
from wgprov.output import print_json, say
from wgprov.session import Session

CLOCK_TOLERANCE_S = 300
CLOCK_FIRST_YEAR = 2024  # before it, a board has not been told the time
OVERHEAD_BYTES = {4: 60, 6: 80}  # IP, UDP, WireGuard (paper §5.4.6)
LEVEL = {4: socket.IPPROTO_IP, 6: socket.IPPROTO_IPV6}
WAITING = ("connecting", "idle", "up")  # what a board says of a peer that has not failed
SILENT_S = 180  # REJECT_AFTER_TIME: older than this, no session is left

OK, NOTE, BAD = "ok", "note", "bad"


@dataclass
class Finding:
    """One line: what was looked at, how it is, and what to do."""

    what: str
    state: str
    text: str


def run(session: Session) -> Iterator[Finding]:
    """Look at a board that has answered."""
    hello = session.hello()
    board = printable(hello.get("board"), 60)
    yield Finding("board", OK, f"{board}, wireguard {printable(hello.get('version'), 20)}")
    yield from _guarded("crypto", _crypto, session)
    yield from _guarded("clock", _clock, session)
    if not hello["names"]:
        yield Finding("configuration", BAD, "none: see `wgprov provision --help`")
    for name in hello["names"]:
        yield from _guarded(name, _interface, session, name)


def _guarded(what: str, check: Any, *arguments: Any) -> Iterator[Finding]:
    """A check that the board refuses is a finding, not the end; a broken cable is the end."""
    try:
        yield from check(*arguments)
    except BoardError as error:
        yield Finding(what, BAD, str(error))


def _crypto(session: Session) -> Iterator[Finding]:
    found = selftest.run(session)
    wrong = selftest.wrong(found)
    cores = ", ".join(sorted({core for core, _ in found.values()}))
    if wrong:
        yield Finding("crypto", BAD, f"{', '.join(wrong)}: wrong answers: do not use this board")
    else:
        yield Finding("crypto", OK, f"{len(found)} primitives right ({cores})")


def _clock(session: Session) -> Iterator[Finding]:
    utc = session.request("probe").get("utc")
    try:
        said = datetime.datetime(*utc).replace(tzinfo=datetime.timezone.utc)
    except (TypeError, ValueError):
        raise BoardError("the board's clock makes no sense: update its module") from None
    off_s = abs(said.timestamp() - time.time())
    if said.year < CLOCK_FIRST_YEAR:
        text = "not set: the tunnel needs none, but TLS inside it does"
    elif off_s > CLOCK_TOLERANCE_S:
        text = f"{wgshow.duration(int(off_s))} off: the tunnel does not mind, TLS inside it does"
    else:
        yield Finding("clock", OK, f"{said:%Y-%m-%d %H:%M} UTC")
        return
    yield Finding("clock", NOTE, text)


def _interface(session: Session, name: str) -> Iterator[Finding]:
    reply = session.request("config", name=name)
    config = reply.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("peers"), list):
        raise BoardError("the board's configuration makes no sense: update its module")
    shown = wgshow.known_fields(session.request("show"))
    live: dict[str, Any] = next((i for i in shown if i.get("name") == name), {"peers": []})
    yield _tunnel(name, live)
    by_key = {peer["public_key"]: peer for peer in live["peers"]}
    for peer in config["peers"]:
        yield from _endpoint(session, name, peer.get("endpoint"), config.get("mtu"))
        yield from _from_the_board(name, peer, by_key.get(str(peer.get("public_key"))))


def _tunnel(name: str, live: dict[str, Any]) -> Finding:
    age = wgshow.handshake_age_s(live)
    words = str(live.get("error") or live.get("status") or "no reason given")
    if not live.get("up"):
        return Finding(f"{name} tunnel", BAD, words)
    if age is None or age > SILENT_S:
        return Finding(f"{name} tunnel", NOTE, f"no session: {words}")
    return Finding(f"{name} tunnel", OK, f"last handshake {wgshow.ago(age)}")


def _endpoint(session: Session, name: str, endpoint: Any, mtu: Any) -> Iterator[Finding]:
    if not isinstance(endpoint, str):
        yield Finding(f"{name} endpoint", NOTE, "none: the server has to come to the board")
        return
    host, _, port = endpoint.rpartition(":")
    host = host.strip("[]")
    if not _is_address(host):
        yield _board_lookup(session, name, host)
    yield from _from_here(name, host, int(port), mtu)


def _from_the_board(
    name: str, peer: dict[str, Any], live: dict[str, Any] | None
) -> Iterator[Finding]:
    """Whether the board reaches this peer: it has tried, so what it says is worth more than a ping
    from here would be, and a server does not answer a stranger."""
    if not live or not peer.get("endpoint"):
        return
    words, age = str(live.get("status")), live["latest_handshake_s"]
    what, where = f"{name} from the board", printable(peer["endpoint"], 60)
    if not words.startswith(WAITING):
        yield Finding(what, BAD, f"{where}: {words}")
    elif age is not None and age <= SILENT_S:
        yield Finding(what, OK, f"{where} answered {wgshow.ago(age)}")
    else:
        yield Finding(what, NOTE, f"{where}: {words}")


def _board_lookup(session: Session, name: str, host: str) -> Finding:
    reply = session.request("probe", host=host)
    if reply.get("resolved"):
        return Finding(
            f"{name} DNS", OK, f"the board finds {host} at {printable(reply['resolved'])}"
        )
    problem = printable(reply.get("problem") or "no answer", 60)
    text = f"the board cannot look {host} up ({problem}): check its network and DNS server"
    return Finding(f"{name} DNS", BAD, text)


def _from_here(name: str, host: str, port: int, mtu: Any) -> Iterator[Finding]:
    """What this computer, which may be elsewhere in the network, knows of the endpoint."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        text = f"this computer cannot look {host} up ({printable(error.strerror)})"
        yield Finding(f"{name} DNS here", BAD, text)
        return
    version = 6 if family == socket.AF_INET6 else 4
    with contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(address)
            room = path_mtu(probe, version)
        except OSError as error:
            text = f"no way to {address[0]} from here ({printable(error.strerror)})"
            yield Finding(f"{name} route here", BAD, text)
            return
    yield Finding(f"{name} route here", OK, f"{host} is {address[0]}, IPv{version}")
    yield mtu_finding(name, mtu, None if room is None else room - OVERHEAD_BYTES[version])


def path_mtu(probe: socket.socket, version: int) -> int | None:
    """What the way to the connected address takes, as far as this computer knows."""
    option = platforms.path_mtu_option(version)
    return None if option is None else probe.getsockopt(LEVEL[version], option)


def mtu_finding(name: str, mtu: Any, room: int | None) -> Finding:
    if room is None:
        text = f"{mtu}; this computer cannot say what the path takes: try with 1280"
        return Finding(f"{name} MTU", NOTE, text)
    if not isinstance(mtu, int) or mtu <= room:
        return Finding(f"{name} MTU", OK, f"{mtu}, the path from here has room for {room}")
    text = f"{mtu} does not fit this computer's path, {room} does: if the board has the same one, "
    return Finding(f"{name} MTU", NOTE, text + f"set MTU = {room} and provision again")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
        return True
    except ValueError:
        return False


def examine(port: str) -> Iterator[Finding]:
    """The cable, then the board behind it."""
    try:
        yield Finding("port", OK, transport.resolve(port))
        with transport.connect(port) as session:
            yield from run(session)
    except WgprovError as error:
        yield Finding("port" if isinstance(error, PortError) else "board", BAD, str(error))


@click.command("doctor")
@port_option
@json_option
def command(port: str, as_json: bool) -> None:
    """Look for what keeps a tunnel from working: cable, board, crypto, clock, DNS, route, MTU.

    Nothing is sent to the server from here: it would not answer a stranger. What the board itself
    has seen of it is said instead.

    \b
    Examples:
      wgprov doctor
      wgprov doctor -p /dev/ttyACM0 --json
    """
    found = []
    for finding in examine(port):
        found.append(finding)
        if not as_json:
            say(f"{finding.state:<5} {finding.what}: {finding.text}")
    if as_json:
        print_json({"findings": [asdict(finding) for finding in found]})
    bad = [finding.what for finding in found if finding.state == BAD]
    if bad:
        raise BoardError(f"doctor: look at {', '.join(bad)}")
