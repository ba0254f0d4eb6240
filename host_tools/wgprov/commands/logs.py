# SPDX-License-Identifier: MIT
"""wgprov logs: what happened to a board's tunnels, from the ring that the board keeps."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import click

from wgprov import transport
from wgprov.errors import BoardError, printable
from wgprov.options import json_option, port_option
from wgprov.output import note, print_json, say
from wgprov.session import Session

ENTRIES_MAX = 64  # of a board's ring; one that answers with more is not ours
WORDS = {
    "started": "interface started",
    "stopped": "interface stopped",
    "underlay_changed": "the network under the tunnel has changed",
    "callback_failed": "the tunnel's callback failed and is repeated",
    "initiation_sent": "handshake begun",
    "initiation_taken": "handshake begun by the peer",
    "response_sent": "handshake answered",
    "response_taken": "handshake completed",
    "session_confirmed": "handshake completed by the peer",
    "handshake_given_up": "handshake failed",
    "handshake_not_possible": "handshake not possible",
    "keepalive_sent": "keepalive sent",
    "endpoint_moved": "endpoint moved to",
    "keys_wiped": "keys wiped",
    "cookie_sent": "under load: cookies sent to strangers",
    "cookie_taken": "the peer is under load: cookie taken for the next attempt",
    "cookie_forged": "a cookie that does not open",
    "cookie_unknown_index": "a cookie for no handshake of ours",
    "initiation_forged": "a handshake that does not open",
    "initiation_unknown_peer": "a handshake by a key that is no peer's",
    "initiation_replayed": "a handshake with an old time stamp",
    "initiation_too_soon": "a handshake too soon after the last one",
    "response_forged": "a reply that does not open: preshared key or server's public key wrong",
    "response_unknown_index": "a reply to no handshake of ours",
    "handshake_limited": "under load: handshakes passed over",
    "handshake_malformed": "a malformed handshake",
    "staged_dropped": "waiting packets dropped",
    "dns_answered": "DNS: answer for",
    "dns_failed": "DNS: no address for",
    "dns_moved": "DNS: another address for",
}


@dataclass(frozen=True)
class Entry:
    """Something that happened, the last of `times`. at: by this computer's clock, None where the
    board could not say how long ago it was."""

    number: int
    at: datetime | None
    name: str
    event: str
    peer: str | None
    detail: str | None
    times: int

    @property
    def line(self) -> str:
        when = self.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if self.at else "-" * 23
        whose = f" {self.peer[:8]}…" if self.peer else ""
        what = WORDS.get(self.event, self.event)
        detail = "" if self.detail is None else f" {self.detail}"
        if detail and self.event.startswith(("handshake", "callback")):
            detail = ":" + detail
        often = f" (×{self.times})" if self.times > 1 else ""
        return f"{when} {self.name}{whose} {what}{detail}{often}"

    def as_json(self) -> dict[str, Any]:
        when = self.at.isoformat(timespec="milliseconds") if self.at else None
        return asdict(self) | {"at": when}


def fetch(session: Session, after: int = 0) -> tuple[list[Entry], int]:
    """All entries after the number `after`, oldest first, and the greatest number."""
    entries: list[Entry] = []
    while True:
        reply = session.request("logs", after=after)
        got, latest = _entries(reply, time.time())
        entries += [entry for entry in got if entry.number > after]
        after = max([after, *(entry.number for entry in got)])
        if not got or after >= latest or len(entries) > ENTRIES_MAX:
            return entries, after


def _entries(reply: Any, received_s: float) -> tuple[list[Entry], int]:
    try:
        now_ms = reply["now_ms"]
        began_s = None if now_ms is None else received_s - int(now_ms) / 1000
        return [_entry(raw, began_s) for raw in reply["entries"]], int(reply["latest"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise BoardError("the board's log makes no sense: update its module") from None


def _entry(raw: dict[str, Any], began_s: float | None) -> Entry:
    at = None
    if began_s is not None:
        at = datetime.fromtimestamp(began_s + int(raw["at_ms"]) / 1000).astimezone()
    peer, detail = (None if raw[k] is None else printable(raw[k]) for k in ("peer", "detail"))
    texts = printable(raw["name"], 20), printable(raw["event"], 40)
    return Entry(int(raw["number"]), at, *texts, peer, detail, int(raw["times"]))


def followed(session: Session, interval_s: float, rounds: int | None) -> Iterator[list[Entry]]:
    """What is new, every `interval_s`; for so many rounds, or without an end."""
    entries, last = fetch(session)
    yield entries
    while rounds is None or rounds > 1:
        time.sleep(interval_s)
        rounds = None if rounds is None else rounds - 1
        entries, latest = fetch(session, last)
        if latest < last:  # the board has been reset: its numbers begin again
            entries, latest = fetch(session)
        last = latest
        yield entries


@click.command("logs")
@port_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1, 3600))
@click.option("--count", type=click.IntRange(1), help="With --follow: end after so many looks.")
@json_option
def command(port: str, follow: bool, interval: float, count: int | None, as_json: bool) -> None:
    """Print what happened to a board's tunnels: handshakes and why they failed, moved endpoints,
    keepalives, cookies, names, wiped keys.

    The board keeps the latest 32 entries in memory, without secrets; a reset empties them. What
    happened several times in a row is one line, with the time of the last. Times are this
    computer's clock. --json with --follow prints an object a line, as things happen.

    \b
    Examples:
      wgprov logs
      wgprov logs --follow -p /dev/ttyACM0
      wgprov logs --json
    """
    found = 0
    with transport.connect(port) as session:
        session.hello()
        for entries in followed(session, interval, count if follow else 1):
            found += len(entries)
            for entry in entries:
                _show(entry, as_json, follow)
            if as_json and not follow:
                print_json({"entries": [entry.as_json() for entry in entries]})
    if not found and not as_json:
        note("the board has noted nothing: no tunnel was started since its reset")


def _show(entry: Entry, as_json: bool, follow: bool) -> None:
    if not as_json:
        say(entry.line)
    elif follow:
        click.echo(json.dumps(entry.as_json()))
