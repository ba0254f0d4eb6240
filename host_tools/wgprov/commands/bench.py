# SPDX-License-Identifier: MIT
"""wgprov bench: how fast a board computes, and what its tunnel carries."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass, field
from typing import Any

import click
from rich.progress import Progress

from wgprov import boardprogram, transport
from wgprov.boardprogram import Program
from wgprov.commands import monitor, show
from wgprov.errors import BoardError, InputError, printable
from wgprov.options import json_option, port_option
from wgprov.output import console, note, print_json, print_table, say
from wgprov.session import Session, choose

MEASURE_TIMEOUT_S = 20.0
HANDSHAKE_TIMEOUT_S = 30.0
PING_WAIT_MS = 1000
PING_COUNT, PING_BYTES = 10, 56
ECHO_COUNT, ECHO_BYTES = 20, 1392  # with its heads a packet of 1,420 bytes, the usual MTU
RECONNECT_MS = 12_000  # a handshake may have to wait for 5 s after the last one (paper §6.1)
PRIMITIVES = {
    "x25519": ("X25519, one scalar multiplication", 0),
    "blake2s_64": ("BLAKE2s, 64 bytes", 64),
    "blake2s_1420": ("BLAKE2s, 1420 bytes", 1420),
    "seal_64": ("data message sealed, 64 bytes", 64),
    "seal_1420": ("data message sealed, 1420 bytes", 1420),
}
EMULATED = "QEMU"  # in a board's name: there time is not a number of cycles
AUTO = "auto"
Choice = tuple[str, str]
NOTE = "by the board's own clock, through Python; an emulator's times say nothing about a chip"


@dataclass(frozen=True)
class Rate:
    """A primitive: microseconds of one call, the mean of `count`. bytes 0: not by length."""

    name: str
    us: float
    count: int
    bytes: int
    clock_hz: int | None

    @property
    def cycles(self) -> int | None:
        """Time by clock rate, where that means something."""
        return None if self.clock_hz is None else round(self.us * self.clock_hz / 1e6)

    def row(self) -> tuple[str, ...]:
        speed = f"{self.bytes / self.us:.2f} MB/s" if self.bytes and self.us else ""
        cycles = "" if self.cycles is None else str(self.cycles)
        per_s = f"{1e6 / self.us:.1f}/s" if self.us else "-"
        return PRIMITIVES[self.name][0], f"{self.us:.1f} µs", per_s, speed, cycles

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"cycles": self.cycles}


@dataclass
class Tunnel:
    """What pings through the tunnel tell; handshake_ms from its first message to the session."""

    name: str
    address: str
    handshake_ms: int | None
    latency: dict[str, Any] = field(default_factory=dict)
    echo: dict[str, Any] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, ...]]:
        shaken = "-" if self.handshake_ms is None else f"{self.handshake_ms} ms"
        rtt = sorted(self.latency["rtt_ms"])
        middle = f", median {rtt[len(rtt) // 2]} ms, max {rtt[-1]} ms" if rtt else ""
        answered = f"{self.latency['received']}/{self.latency['sent']} answered{middle}"
        lost = self.echo["sent"] - self.echo["received"]
        return [
            ("handshake, first message to session", shaken),
            (f"ping {self.address}, {PING_BYTES} bytes", answered),
            (f"echo of {ECHO_BYTES} bytes, one at a time", f"{self.speed()}, {lost} lost"),
        ]

    def speed(self) -> str:
        total_ms = sum(self.echo["rtt_ms"])
        if not total_ms:
            return "-"
        return f"{self.echo['received'] * ECHO_BYTES * 8 / total_ms / 1000:.2f} Mbit/s each way"


def crypto(program: Program, progress: Progress, is_emulated: bool) -> list[Rate]:
    """Every primitive, measured on the board."""
    clock_hz = int(_numbers(program, "begin()", "clock_hz")["clock_hz"])
    known_hz = None if is_emulated or clock_hz <= 0 else clock_hz
    bar = progress.add_task("crypto", total=len(PRIMITIVES))
    rates = []
    for name, (words, size) in PRIMITIVES.items():
        progress.update(bar, description=words)
        got = _numbers(program, f"measure({name!r})", "us", "count")
        rates.append(Rate(name, got["us"], int(got["count"]), size, known_hz))
        progress.advance(bar)
    return rates


def _numbers(program: Program, call: str, *names: str) -> dict[str, float]:
    """Those of a result's values: what a board answers may be anything."""
    got = program.value(call, MEASURE_TIMEOUT_S)
    try:
        return {name: float(got[name]) for name in names}
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BoardError("the board's figures make no sense: update its module") from None


def tunnel(program: Program, name: str, address: str) -> Tunnel:
    """Through the tunnel to a server that answers pings."""
    shaken = program.value(f"reconnect({name!r}, {RECONNECT_MS})", HANDSHAKE_TIMEOUT_S)
    made = Tunnel(name, address, shaken if isinstance(shaken, int) else None)
    made.latency = _pings(program, address, PING_BYTES, PING_COUNT)
    made.echo = _pings(program, address, ECHO_BYTES, ECHO_COUNT)
    return made


def _pings(program: Program, address: str, size: int, count: int) -> dict[str, Any]:
    call = f"ping({address!r}, {count}, {size}, 0, {PING_WAIT_MS})"
    got = program.value(call, 5 + count * PING_WAIT_MS / 1000)
    try:
        rtt = [int(ms) for ms in got["rtt_ms"]]
    except (KeyError, TypeError, ValueError):
        raise BoardError("the board's figures make no sense: update its module") from None
    return {"sent": count, "received": len(rtt), "rtt_ms": rtt}


def _target(session: Session, hello: dict[str, Any], name: str | None, address: str) -> Choice:
    """The interface, and the server's address inside."""
    called = choose(name, hello["names"])
    if address != AUTO:
        try:
            return called, str(ipaddress.IPv4Address(address))
        except ValueError:
            raise InputError(f"--tunnel: {address}: must be the server's IPv4 address") from None
    [interface] = show.run(session, called)
    likely = [monitor.likely_address(peer["allowed_ips"]) for peer in interface["peers"]]
    if not likely or likely[0] is None:
        raise InputError("--tunnel: AllowedIPs do not tell the server's address: name it")
    return called, likely[0]


@click.command("bench")
@click.argument("name", required=False)
@port_option
@click.option(
    "--tunnel",
    "address",
    is_flag=False,
    flag_value=AUTO,
    metavar="[ADDRESS]",
    help="Also through the tunnel, to the server's address inside (default: from AllowedIPs).",
)
@json_option
def command(name: str | None, port: str, address: str | None, as_json: bool) -> None:
    """Measure a board's crypto, its part of a handshake and, with --tunnel, what goes through.

    A program runs on the board for some seconds; it is gone with the next reset. Times are by the
    board's own clock, with the call from Python that a program would make; cycles are time by clock
    rate, where the board tells it and does not call itself an emulator. With --tunnel the session
    is made anew. An emulator's times say nothing about a chip.

    \b
    Examples:
      wgprov bench
      wgprov bench --tunnel -p /dev/ttyACM0
      wgprov bench wg0 --tunnel 10.7.0.1 --json
    """
    with transport.connect(port) as session:
        hello = session.hello()
        target = _target(session, hello, name, address) if address else None
    board = printable(hello.get("board"), 60)
    made = None
    files = ("tunnel_clock", "tunnel_ping", "bench")
    where = console(stderr=True)
    with (
        Progress(console=where, transient=True, disable=not where.is_terminal) as bar,
        boardprogram.load(port, *files) as program,
    ):
        rates = crypto(program, bar, EMULATED in board)
        parts = _numbers(program, "handshake()", "initiator_us", "responder_us")
        program.value("end()", MEASURE_TIMEOUT_S)
        if target:
            made = tunnel(program, *target)
    if as_json:
        answer = {"board": board, "note": NOTE, "handshake": parts, "tunnel": made and asdict(made)}
        print_json(answer | {"crypto": [rate.as_json() for rate in rates]})
    else:
        _print(board, rates, parts, made)
    if made and not made.latency["received"]:
        raise BoardError(f"{made.address}: answers no ping through the tunnel (`wgprov doctor`)")


def _print(board: str, rates: list[Rate], parts: dict[str, float], made: Tunnel | None) -> None:
    say(board)
    print_table(("", "one call", "calls", "bytes", "cycles"), [rate.row() for rate in rates])
    rows: list[tuple[str, ...]] = [
        (f"handshake, the {who}'s part", f"{float(parts[f'{who}_us']) / 1000:.1f} ms")
        for who in ("initiator", "responder")
    ]
    print_table(("", ""), rows + (made.rows() if made else []))
    note(NOTE)
