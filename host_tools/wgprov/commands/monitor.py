# SPDX-License-Identifier: MIT
"""wgprov monitor: a live table of a board's tunnels, and a plot of what it saw."""

from __future__ import annotations

import contextlib
import ipaddress
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from rich.live import Live

from wgprov import transport, wgshow
from wgprov.commands import show
from wgprov.errors import BoardError, InputError
from wgprov.options import json_option, port_option
from wgprov.output import console, print_json, print_table, say, table
from wgprov.session import Session

HEADS = ("interface", "peer", "handshake", "received", "sent", "in/s", "out/s", "ping")
FIGURE_IN = (9, 8)


@dataclass(frozen=True)
class Sample:
    """One peer at one moment. Rates are since the sample before, in bytes per second; ping_ms is
    None without an answer, or where no address to ask is known."""

    at_s: float
    interface: str
    peer: str
    up: bool
    handshake_age_s: int | None
    rx_bytes: int
    tx_bytes: int
    rx_rate: float
    tx_rate: float
    ping_ms: float | None


def samples(
    session: Session, name: str | None, interval_s: float, address: str | None
) -> Iterator[list[Sample]]:
    """What the board's peers did, every `interval_s`; without an end. address: what the board pings
    (None: what each peer's AllowedIPs tell)."""
    before: dict[tuple[str, str], Sample] = {}
    started = time.monotonic()
    while True:
        at_s = time.monotonic() - started
        round_ = [
            _sample(at_s, interface, peer, before, _ping(session, interface, peer, address))
            for interface in show.run(session, name)
            for peer in interface["peers"]
        ]
        before = {(s.interface, s.peer): s for s in round_}
        yield round_
        time.sleep(max(0.0, interval_s - (time.monotonic() - started - at_s)))


def _ping(
    session: Session, interface: dict[str, Any], peer: dict[str, Any], address: str | None
) -> float | None:
    """Milliseconds through the tunnel. A board that cannot ping says so in the same way."""
    address = address or likely_address(peer["allowed_ips"])
    if not interface.get("up") or address is None:
        return None
    try:
        us = session.request("ping", host=address).get("us")
        return None if us is None else float(us) / 1000
    except (BoardError, TypeError, ValueError):
        return None


def likely_address(allowed_ips: list[str]) -> str | None:
    """The peer's own IPv4 address inside: a single one, else the first of its first network."""
    networks = []
    for text in allowed_ips:
        with contextlib.suppress(ValueError):
            networks.append(ipaddress.IPv4Network(text, strict=False))
    for network in sorted(networks, key=lambda network: -network.prefixlen):
        if network.prefixlen == 32:
            return str(network.network_address)
        if network.prefixlen > 0:
            return str(network.network_address + 1)
    return None


def _sample(
    at_s: float,
    interface: dict[str, Any],
    peer: dict[str, Any],
    before: dict[tuple[str, str], Sample],
    ping_ms: float | None,
) -> Sample:
    label, key = str(interface.get("name")), str(peer["public_key"])
    rx, tx, age = peer["rx_bytes"], peer["tx_bytes"], peer["latest_handshake_s"]
    last = before.get((label, key))
    rates = (0.0, 0.0)
    if last and at_s > last.at_s:  # counters begin again when an interface is started anew
        span = at_s - last.at_s
        rates = (max(0, rx - last.rx_bytes) / span, max(0, tx - last.tx_bytes) / span)
    return Sample(at_s, label, key, bool(interface.get("up")), age, rx, tx, *rates, ping_ms)


def _rows(found: list[Sample]) -> Iterator[list[str]]:
    for s in found:
        age = "never" if s.handshake_age_s is None else wgshow.ago(s.handshake_age_s)
        sizes = [wgshow.size(int(n)) for n in (s.rx_bytes, s.tx_bytes, s.rx_rate, s.tx_rate)]
        ping = "-" if s.ping_ms is None else f"{s.ping_ms:.1f} ms"
        yield [s.interface, s.peer[:12] + "…", age, *sizes, ping]


@contextlib.contextmanager
def _screen(as_json: bool) -> Iterator[Callable[[list[Sample]], None]]:
    """Shows one round after another: a table that is redrawn; in a pipe, lines of fields."""
    if as_json or not sys.stdout.isatty():
        yield lambda found: None if as_json else print_table(HEADS, _rows(found))
        return
    with Live(console=console(), transient=False) as live:
        yield lambda found: live.update(table(HEADS, _rows(found)), refresh=True)


def plot(history: list[list[Sample]], path: Path) -> None:
    """Throughput, latency and handshakes over time; PNG."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        raise InputError("--plot: needs more libraries: pip install 'wgprov[plot]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, 1, sharex=True, figsize=FIGURE_IN, layout="constrained")
    for key in sorted({(s.interface, s.peer) for found in history for s in found}):
        mine = [s for found in history for s in found if (s.interface, s.peer) == key]
        _draw(axes, f"{key[0]} {key[1][:8]}…", mine)
    for part, unit in zip(axes, ("KiB/s", "ping, ms", "age of the handshake, s"), strict=True):
        part.set_ylabel(unit)
        part.set_ylim(bottom=0)
        part.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
    axes[-1].set_xlabel("s")
    try:
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot write it: {error}") from None
    finally:
        pyplot.close(figure)


def _draw(axes: Any, label: str, mine: list[Sample]) -> None:
    """One peer's lines; a dot in the lowest is a handshake that was made while we looked."""
    times = [s.at_s for s in mine]
    (drawn,) = axes[0].plot(times, [s.rx_rate / 1024 for s in mine], label=f"{label} received")
    colour = drawn.get_color()
    sent = [s.tx_rate / 1024 for s in mine]
    axes[0].plot(times, sent, "--", color=colour, label=f"{label} sent")
    answered = [(s.at_s, s.ping_ms) for s in mine if s.ping_ms is not None]
    axes[1].plot([t for t, _ in answered], [ms for _, ms in answered], ".-", label=label)
    known = [(s.at_s, s.handshake_age_s) for s in mine if s.handshake_age_s is not None]
    axes[2].plot([t for t, _ in known], [age for _, age in known], color=colour, label=label)
    made = [known[i] for i in range(1, len(known)) if known[i][1] < known[i - 1][1]]
    axes[2].plot([t for t, _ in made], [age for _, age in made], "o", color=colour)


@click.command("monitor")
@click.argument("name", required=False)
@port_option
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1, 3600))
@click.option("--count", type=click.IntRange(1), help="Rounds (default: until Ctrl-C).")
@click.option(
    "--ping", "address", metavar="ADDRESS", help="What the board pings: an address inside."
)
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE.png")
@json_option
def command(
    name: str | None,
    port: str,
    interval: float,
    count: int | None,
    address: str | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Watch a board's tunnels; with --plot draw throughput, ping latency and handshakes at the end.

    \b
    Examples:
      wgprov monitor
      wgprov monitor wg0 --count 60 --plot wg0.png
    """
    if picture and (picture.suffix.lower() != ".png" or not picture.absolute().parent.is_dir()):
        raise InputError(f"{picture}: must be a .png in a folder that exists")
    history: list[list[Sample]] = []
    try:
        with transport.connect(port) as session, _screen(as_json) as show_round:
            for found in samples(session, name, interval, address):
                history.append(found)
                show_round(found)
                if len(history) == count:
                    break
    except KeyboardInterrupt:
        if not history:
            raise
    if as_json:
        print_json({"samples": [asdict(s) for found in history for s in found]})
    if picture:
        plot(history, picture)
        if not as_json:
            say(f"{picture}: written")
