# SPDX-License-Identifier: MIT
"""The board's log: a bounded ring that strangers cannot empty, and how its answer is read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from wgprov.commands import logs
from wgprov.errors import BoardError
from wireguard import log

ALICE, BOB = bytes([1] * 32), bytes([2] * 32)


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(log, "_ring", [])
    monkeypatch.setattr(log, "_made", 0)
    monkeypatch.setattr(log, "latest", 0)
    log.prepare()
    yield


def events() -> list[tuple[str, int]]:
    return [(entry[log.EVENT], entry[log.TIMES]) for entry in log.after(0)]


def test_nothing_is_noted_before_a_tunnel_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_ring", [])
    log.note(1, "wg0", "started")
    assert log.after(0) == [] and log.latest == 0


def test_what_a_peer_repeats_is_one_entry_with_the_last_time() -> None:
    for at_ms in (10, 20, 30):
        log.note(at_ms, "wg0", "keepalive_sent", ALICE)
    log.note(40, "wg0", "keepalive_sent", BOB)
    log.note(50, "wg0", "keepalive_sent", ALICE)
    assert events() == [("keepalive_sent", 1), ("keepalive_sent", 4)]
    assert [entry[log.AT_MS] for entry in log.after(0)] == [40, 50]
    log.note(60, "wg0", "response_taken", ALICE)
    log.note(70, "wg0", "keepalive_sent", ALICE)
    assert events()[-2:] == [("response_taken", 1), ("keepalive_sent", 1)]


def test_another_reason_is_another_entry() -> None:
    for reason in ("a", "a", "b"):
        log.note(1, "wg0", "handshake_given_up", ALICE, reason)
    assert events() == [("handshake_given_up", 2), ("handshake_given_up", 1)]


def test_the_oldest_goes_first() -> None:
    for i in range(100):
        log.note(i, "wg0", "endpoint_moved", ALICE, (bytes(4), i))
    kept = log.after(0)
    assert [entry[log.DETAIL][1] for entry in kept] == list(range(100 - log.ENTRIES, 100))
    assert [entry[log.NUMBER] for entry in kept] == list(range(101 - log.ENTRIES, 101))
    assert log.after(98) == kept[-2:] and log.after(0, 3) == kept[:3] and log.after(100) == []


def test_strangers_push_nothing_out_but_themselves() -> None:
    """Ten thousand messages of nine kinds take nine entries."""
    for i in range(log.ENTRIES - 9):
        log.note(i, "wg0", "endpoint_moved", ALICE, (bytes(4), i))
    kinds = [name for name in logs.WORDS if name.startswith(("initiation_", "response_", "cookie"))]
    kinds = kinds[:9]
    chosen = random.Random(7)
    for i in range(10_000):
        log.note(1000 + i, "wg0", chosen.choice(kinds), None)
    moved = [event for event, _ in events() if event == "endpoint_moved"]
    assert len(moved) == log.ENTRIES - 9
    assert sum(times for event, times in events() if event != "endpoint_moved") == 10_000


def test_interfaces_are_told_apart() -> None:
    log.note(1, "wg0", "started")
    log.note(2, "wg1", "started")
    log.note(3, "wg0", "started")
    assert [(e[log.NAME], e[log.TIMES]) for e in log.after(0)] == [("wg1", 1), ("wg0", 2)]


class Board:
    """As Session: answers `logs` from this process's ring."""

    def request(self, operation: str, after: int) -> dict[str, Any]:
        assert operation == "logs"
        return log.told(after, 60_000)


def test_all_of_it_comes_in_several_answers() -> None:
    for i in range(20):
        log.note(i, "wg0", "endpoint_moved", ALICE, (bytes([10, 0, 0, 1]), i))
    entries, latest = logs.fetch(Board())  # type: ignore[arg-type]
    assert latest == 20 and [entry.number for entry in entries] == list(range(1, 21))
    assert "endpoint moved to 10.0.0.1:19" in entries[-1].line
    assert "wg0 AQEBAQEB…" in entries[-1].line


def test_every_event_has_words() -> None:
    from wireguard.core.tunnel import _COUNTERS
    from wireguard.resolver import Resolver

    assert {*_COUNTERS, *Resolver(None, None).counters} <= set(logs.WORDS)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"now_ms": "x", "entries": [], "latest": 0},
        {"now_ms": 1, "entries": [1], "latest": 1},
        {"now_ms": 1, "entries": [{"number": 1}], "latest": 1},
        {"now_ms": 1 << 80, "entries": [dict.fromkeys(("at_ms", "number"), 0)], "latest": 1},
    ],
)
def test_a_board_that_answers_nonsense(answer: Any) -> None:
    class Liar:
        def request(self, *_: Any, **_fields: Any) -> Any:
            return answer

    with pytest.raises(BoardError, match="makes no sense"):
        logs.fetch(Liar())  # type: ignore[arg-type]


def test_a_hostile_board_drives_no_terminal_and_has_no_endless_log() -> None:
    class Liar:
        asked = 0

        def request(self, *_: Any, after: int, **_fields: Any) -> Any:
            self.asked += 1
            raw = {"number": after + 1, "at_ms": 0, "name": "wg0\x1b[2J", "event": "\x1b]0;x\x07"}
            raw |= {"peer": None, "detail": "a\nb", "times": 1}
            return {"now_ms": 1, "entries": [raw], "latest": 1 << 60}

    liar = Liar()
    entries, _ = logs.fetch(liar)  # type: ignore[arg-type]
    assert liar.asked <= logs.ENTRIES_MAX + 1
    assert entries[0].line.isprintable()
