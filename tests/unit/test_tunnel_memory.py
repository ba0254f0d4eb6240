# SPDX-License-Identifier: MIT
"""MemoryError at any line of the core: one message may be lost, an event never is.

The heap of a board can be full at any moment. Here each line of wireguard/core that a day's work
reaches raises MemoryError once, when it is reached for the first time and when for the last. The
host does what client.py does: it calls wake() again a second later.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.unit.tunnel_world import Faults, Node, World
from wireguard.core import peer, tunnel

CORE = str(Path(tunnel.__file__).parent)
CONVERGE_MS = 21_000  # 20 s, and the second that the host waits after an error
SECOND_MS = 1000

Line = tuple[str, int]


class Host(Node):
    """A node whose calls may fail; it then calls again a second later, as client.py does."""

    def __init__(self, world: World, number: int) -> None:
        self.again_ms: int | None = None
        self.errors = 0
        super().__init__(world, number)

    @property
    def deadline_ms(self) -> int | None:
        if self.again_ms is None:
            try:
                return super().deadline_ms
            except MemoryError:
                self.again_ms = self.world.now_ms + SECOND_MS
        return self.again_ms

    def _protected(self, call, *arguments) -> None:
        self.again_ms = None
        try:
            call(*arguments)
        except MemoryError:
            self.errors += 1
            self.again_ms = self.world.now_ms + SECOND_MS

    def receive(self, datagram, source) -> None:
        self._protected(super().receive, datagram, source)

    def wake(self) -> None:
        self._protected(super().wake)

    def connect(self) -> None:
        self._protected(super().connect)

    def send(self, other: Node, size: int = 64) -> bytes:
        packet = self.world.packet(self.inner, other.inner, size)

        def send() -> None:
            self.tunnel.send(packet, self.clock_ms)
            self.drain()

        self._protected(send)
        return packet


class HostWorld(World):
    make_node = Host


class Injector:
    """Counts the lines of the core as they run, and raises at one of them."""

    def __init__(self, at: tuple[Line, int] | None = None) -> None:
        self.at = at
        self.times: dict[Line, int] = {}

    def __call__(self, frame, event: str, _argument):
        if not frame.f_code.co_filename.startswith(CORE):
            return None
        if event == "line":
            line = (frame.f_code.co_filename, frame.f_lineno)
            self.times[line] = times = self.times.get(line, 0) + 1
            if self.at == (line, times):
                self.at = None
                raise MemoryError
        return self

    def __enter__(self) -> Injector:
        sys.settrace(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


def pair() -> tuple[World, Host, Host]:
    world = HostWorld(3)
    a, b = world.nodes
    a.add_peer(b, psk=bytes(32))
    b.add_peer(a, psk=bytes(32))
    return world, a, b


def days_work(world: World, a: Host, b: Host) -> None:
    """Every kind of message and timer: handshakes, rekey, silence, give-up, load, wiping."""
    a.connect()
    world.run(100)
    for _ in range(2):
        a.send(b)
        b.send(a)
        world.run(61 * SECOND_MS)  # passive keepalives, then a rekey
    a.send(b)
    world.run(6 * SECOND_MS)
    for node in (a, b):  # under load: cookies, both ways
        node.tunnel.handshakes.guard.loaded_until_ms = node.clock_ms + SECOND_MS
    b.connect()
    world.run(12 * SECOND_MS)
    world.faults = Faults(is_cut=True)
    a.send(b)
    world.run(120 * SECOND_MS)  # silence, retries, give-up
    world.faults = Faults()
    world.run(600 * SECOND_MS)  # wiping


def check(world: World, a: Host, b: Host) -> None:
    """All is well again, and comes to rest."""
    start_ms = world.now_ms
    wanted: dict[Host, set[bytes]] = {a: set(), b: set()}
    left = [(a, b), (b, a)]
    while left:
        assert world.now_ms - start_ms <= CONVERGE_MS, "it does not get over it"
        for node, other in left:
            wanted[other].add(node.send(other))
        world.run(500)
        left = [(n, o) for n, o in left if not wanted[o] & set(o.delivered)]
    assert a.peer.state == b.peer.state == peer.UP
    world.run(700 * SECOND_MS)
    for node in (a, b):
        assert node.peer.todo == 0
        assert node.deadline_ms is None, "not at rest"
        assert node.peer.handshake is None and not node.peer.staged


def lines_of_a_days_work() -> dict[Line, int]:
    world, a, b = pair()
    with Injector() as injector:
        days_work(world, a, b)
    assert (a.tunnel.counters["cookie_taken"], a.tunnel.counters["handshake_given_up"]) == (0, 1)
    assert b.tunnel.counters["cookie_taken"] == 1, "the day has no cookie in it"
    check(world, a, b)
    return injector.times


LINES = lines_of_a_days_work()


def fail_at(line: Line, times: int) -> None:
    world, a, b = pair()
    with Injector((line, times)) as injector:
        days_work(world, a, b)
    assert injector.at is None, "the line was not reached"
    check(world, a, b)


@pytest.mark.long
@pytest.mark.parametrize("file", sorted({Path(file).name for file, _line in LINES}))
def test_memory_error_at_any_line_heals(file: str) -> None:
    lines = [line for line in LINES if Path(line[0]).name == file]
    for line in lines:
        for times in {1, LINES[line]}:
            try:
                fail_at(line, times)
            except AssertionError as error:
                raise AssertionError(f"{file}:{line[1]}, time {times}: {error}") from error


def test_an_event_of_c_is_not_lost() -> None:
    """The bug that was: take_events() had cleared CONFIRMED, and then the flush had no memory."""
    world, a, b = pair()
    a.connect()
    world.run(7)
    waiting = b.send(a)
    flush, b.path.flush = b.path.flush, lambda *_: (_ for _ in ()).throw(MemoryError)
    world.run(100)
    assert b.errors == 1 and a.delivered == []
    b.path.flush = flush
    world.run(SECOND_MS)
    assert a.delivered == [waiting]


def test_what_waited_for_our_own_handshake_is_not_lost() -> None:
    world, a, b = pair()
    waiting = [a.send(b) for _ in range(3)]
    seal, calls = a.path.seal, []

    def seal_twice(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise MemoryError
        return seal(*arguments)

    a.path.seal = seal_twice
    world.run(100)
    assert a.errors == 1 and b.delivered == []  # what was sealed has not been drained yet
    world.run(SECOND_MS)
    assert b.delivered == waiting
