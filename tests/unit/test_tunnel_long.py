# SPDX-License-Identifier: MIT
"""Thirty days in virtual time: nothing grows, nothing wakes without need, flash is spared."""

from __future__ import annotations

import gc
from collections import Counter

import pytest

import _wireguard
from tests.unit.tunnel_world import Node, World, connected, pair
from wireguard.core import messages, peer

SECOND_MS = 1000
HOUR_MS = 3600 * SECOND_MS
DAY_MS = 24 * HOUR_MS
DAYS = 30


class Diary:
    """Takes what the world collects for other tests, and counts it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kinds: Counter[int] = Counter()
        self.delivered = self.sent = 0
        self.take()
        self.kinds.clear()
        self.delivered = self.sent = 0
        self.wakes = [node.deadlines for node in world.nodes]
        self.start_ms = world.now_ms

    def take(self) -> None:
        self.kinds.update(datagram[0] for _at, _n, datagram in self.world.wire)
        self.sent += len(self.world.sent)
        for node in self.world.nodes:
            self.delivered += len(node.delivered)
            node.delivered.clear()
            node.seen.clear()
            node.stamps.clear()
        self.world.wire.clear()
        self.world.sent.clear()

    def wakes_per_hour(self) -> list[float]:
        hours = (self.world.now_ms - self.start_ms) / HOUR_MS
        return [
            (node.deadlines - before) / hours
            for node, before in zip(self.world.nodes, self.wakes, strict=True)
        ]


@pytest.fixture(autouse=True)
def alone() -> None:
    """What other tests have left is not counted."""
    gc.collect()
    gc.freeze()


def census() -> Counter[str]:
    """What there is, by type: the tunnels' own objects, and the handles of secrets in C."""
    gc.collect()
    found: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        if kind.__module__.startswith(("wireguard", "_wireguard")):
            found[kind.__name__] += 1
    return found


def held(node: Node) -> dict[str, int]:
    """The sizes of all that a tunnel keeps."""
    tunnel = node.tunnel
    sizes = {"outbox": len(tunnel.outbox), "inbox": len(tunnel.inbox), "peers": len(tunnel.peers)}
    sizes["counters"] = len(tunnel.counters)
    sizes["sources"] = len(tunnel.handshakes.guard.sources.buckets)
    for one in tunnel.peers.values():
        sizes["staged"] = len(one.staged)
        sizes["peer"] = len(vars(one))
        sizes["timers"] = len(vars(one.timers))
    return sizes


def test_idle_for_thirty_days_wakes_0_times() -> None:
    world, a, b = connected()
    world.run(HOUR_MS)  # the keys are wiped nine minutes after the handshake, and that is the end
    before, sizes, diary = census(), held(a), Diary(world)
    for _ in range(DAYS):
        world.run(DAY_MS)
    diary.take()
    assert diary.wakes_per_hour() == [0, 0]
    assert not diary.kinds
    assert a.tunnel.next_deadline() is b.tunnel.next_deadline() is None
    assert (census(), held(a)) == (before, sizes)
    packet = a.send(b)
    world.run(100)
    assert b.delivered == [packet]


@pytest.mark.parametrize(
    "busy_h",
    [pytest.param(4, marks=pytest.mark.long), pytest.param(24, marks=pytest.mark.soak)],
)
def test_busy_for_thirty_days_grows_by_nothing(busy_h: int) -> None:
    """A packet each way every 45 s: each session is used to its end, and each rekey is made.

    Handshakes are what takes time here, so the short form has four such hours in each day, and
    twenty without traffic; `make soak` has the whole day busy, which takes a minute.
    """
    world, a, b = connected()
    # Counted where the two stand equally: between packets, with nothing under way.
    marks = []
    diary = Diary(world)
    for _day in range(DAYS):
        for _ in range(busy_h * HOUR_MS // (45 * SECOND_MS)):
            a.send(b)
            world.run(20 * SECOND_MS)
            b.send(a)
            world.run(25 * SECOND_MS)
        world.run(DAY_MS - busy_h * HOUR_MS)
        diary.take()
        marks.append((census(), held(a), held(b)))
    assert marks[0] == marks[-1]
    assert all(mark == marks[0] for mark in marks)
    assert diary.delivered == diary.sent, "every packet arrived"
    rekeys, busy_ms = diary.kinds[messages.INITIATION], DAYS * busy_h * HOUR_MS
    assert busy_ms / (180 * SECOND_MS) <= rekeys <= busy_ms / (120 * SECOND_MS)
    assert rekeys == diary.kinds[messages.RESPONSE], "none was in vain"
    print("busy: wake-ups per hour", diary.wakes_per_hour(), "rekeys", rekeys)
    assert max(diary.wakes_per_hour()) <= 360 * busy_h / 24, "once in 10 s while there is traffic"


def test_persistent_keepalive_for_three_days() -> None:
    world, a, b = pair(keepalive_s=25)
    world.run(HOUR_MS)
    before, diary = census(), Diary(world)
    world.run(3 * DAY_MS)
    diary.take()
    wakes, _ = diary.wakes_per_hour()
    print("keepalive 25 s: wake-ups per hour", diary.wakes_per_hour(), dict(diary.kinds))
    assert wakes <= HOUR_MS / (25 * SECOND_MS) * 1.5
    assert sum(census().values()) - sum(before.values()) in range(-2, 3), "a handshake under way"
    assert a.peer.state == b.peer.state == peer.UP


@pytest.mark.parametrize("has_clock", [False, True])
def test_flash_is_written_little_in_a_busy_month(has_clock: bool) -> None:
    """One handshake in two minutes, for thirty days, with restarts every day."""
    world, a, b = pair()
    writes = 0

    def store(mark: int) -> None:
        nonlocal writes
        writes += 1
        a.mark = mark

    a._store = store
    wall_ms = 1_800_000_000_000
    for _day in range(DAYS):
        a.wall_ms = wall_ms if has_clock else None
        a.start()
        for _ in range(DAY_MS // (120 * SECOND_MS)):
            a.timestamps()
            wall_ms += 120 * SECOND_MS
            a.wall_ms = wall_ms if has_clock else None
    per_day = writes / DAYS
    print("writes per day", per_day)
    assert per_day <= (25 if has_clock else 1)


def test_no_handle_of_a_secret_is_left_when_a_tunnel_is_closed() -> None:
    world, a, b = connected()
    for _ in range(50):
        a.connect()
        world.run(6 * SECOND_MS)
    a.tunnel.close()
    b.tunnel.close()
    gc.collect()
    kinds = (_wireguard.SymmetricState, _wireguard.Session)
    assert not [thing for thing in gc.get_objects() if isinstance(thing, kinds)]
