# SPDX-License-Identifier: MIT
"""Tunnels in virtual time, joined by a network that can be made as bad as a test likes."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, field

import _wireguard
from wireguard.core.tai64n import Timestamps
from wireguard.core.tunnel import Tunnel

Address = tuple[bytes, int]


@dataclass
class Faults:
    """Probabilities per datagram, and the range of delays; a wide range reorders."""

    loss: float = 0.0
    duplication: float = 0.0
    corruption: float = 0.0
    delay_ms: tuple[int, int] = (5, 5)
    is_cut: bool = False


class SeededCrypto:
    """`_wireguard` with repeatable randomness, so that a failing example fails again."""

    def __init__(self, rng: random.Random) -> None:
        self.random = rng.randbytes
        self.PrivateKey = self

    def __getattr__(self, name: str):
        return getattr(_wireguard, name)

    def generate(self) -> _wireguard.PrivateKey:
        return _wireguard.PrivateKey(self.random(32))


class Node:
    """One end: a Tunnel, its flash, its place in the network. `start` again is a power cycle."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.number = number
        self.address: Address = (bytes([192, 0, 2, number]), 51820)
        self.inner = bytes([10, 7, 0, number])
        self.key = world.crypto.generate()
        self.mark = 0
        self.wall_ms: int | None = None  # what its clock says, right or wrong, if it has one
        self.is_asleep = False  # hears nothing, and nobody calls it
        self.stamps: list[bytes] = []
        self.started_ms = world.now_ms
        self.deadlines = 0  # times that wake() was called because a deadline had come
        self.delivered: list[bytes] = []
        self.plan: list[dict] = []
        self.start()

    def start(self) -> None:
        """Boot: only keys, configuration and the mark on flash are left; the clock starts at 1."""
        self.started_ms = self.world.now_ms
        self.path = _wireguard.Path()
        self.timestamps = Timestamps(lambda: self.mark, self._store, lambda: self.wall_ms)
        self.tunnel = Tunnel(self.world.crypto, self.path, self.key, self._stamp)
        # What genuine, unharmed datagrams have come from since the start.
        self.genuine_sources: set[Address] = set()
        self.seen: list[tuple[bytes, Address]] = []
        self.first_endpoint: dict[int, Address | None] = {}
        for settings in self.plan:
            self._add(**settings)

    def _stamp(self) -> bytes:
        self.stamps.append(self.timestamps())
        return self.stamps[-1]

    def _store(self, mark: int) -> None:
        self.mark = mark

    def add_peer(self, other: Node, *, endpoint: bool = True, keepalive_s: int = 0, psk=None):
        """Configure `other` as a peer, for this and every later start."""
        settings = {"other": other, "endpoint": endpoint, "keepalive_s": keepalive_s, "psk": psk}
        self.plan.append(settings)
        return self._add(**settings)

    def _add(self, other: Node, endpoint: bool, keepalive_s: int, psk: bytes | None):
        self.first_endpoint[other.number] = other.address if endpoint else None
        return self.tunnel.add_peer(
            other.key.public_key(),
            None if psk is None else _wireguard.PresharedKey(psk),
            other.address if endpoint else None,
            [(other.inner, 32)],
            keepalive_s,
        )

    @property
    def clock_ms(self) -> int:
        return self.world.now_ms - self.started_ms + 1

    @property
    def peer(self):
        """The only peer."""
        (peer,) = self.tunnel.peers.values()
        return peer

    def sleep(self, ms: int, clock_runs: bool = True) -> None:
        """Light sleep, with the radio off. On some chips the clock stands still meanwhile."""
        self.is_asleep = True
        self.world.run(ms)
        self.is_asleep = False
        if not clock_runs:
            self.started_ms += ms
        self.wake()

    @property
    def deadline_ms(self) -> int | None:
        """The tunnel's next deadline, in the world's time."""
        if self.is_asleep:
            return None
        own = self.tunnel.next_deadline()
        return None if own is None else own + self.started_ms - 1

    def send(self, other: Node, size: int = 64) -> bytes:
        """Send one unlike packet into the tunnel."""
        packet = self.world.packet(self.inner, other.inner, size)
        self.tunnel.send(packet, self.clock_ms)
        self.drain()
        return packet

    def receive(self, datagram: bytes, source: Address) -> None:
        before = self._turned_away()
        self.tunnel.receive(datagram, source[0], source[1], self.clock_ms)
        self.drain()
        if self._turned_away() == before:
            self.seen.append((datagram, source))

    def _turned_away(self) -> int:
        """Handshake messages not read, under load: they are as good later as they were then."""
        return sum(self.tunnel.counters[name] for name in ("cookie_sent", "handshake_limited"))

    def wake(self) -> None:
        self.deadlines += 1
        self.tunnel.wake(self.clock_ms)
        self.drain()

    def connect(self) -> None:
        self.tunnel.connect(self.peer, self.clock_ms)
        self.drain()

    def drain(self) -> None:
        self.delivered += self.tunnel.inbox
        self.tunnel.inbox.clear()
        outbox, self.tunnel.outbox = self.tunnel.outbox, []
        for datagram, address, port in outbox:
            self.world.post(datagram, self, (address, port))


@dataclass(order=True)
class _Flight:
    at_ms: int
    number: int
    datagram: bytes = field(compare=False)
    source: Address = field(compare=False)
    target: Address = field(compare=False)
    genuine: bool = field(compare=False)


class World:
    make_node = Node

    def __init__(self, seed: int = 0, nodes: int = 2) -> None:
        self.rng = random.Random(seed)
        self.crypto = SeededCrypto(self.rng)
        self.now_ms = 10_000_000
        self.faults = Faults()
        self.sent: dict[bytes, None] = {}  # inner packets
        self.wire: list[tuple[int, str, bytes]] = []  # (time, sender's number, datagram)
        self._flights: list[_Flight] = []
        self._numbers = itertools.count()
        self.nodes = [self.make_node(self, n + 1) for n in range(nodes)]

    def packet(self, source: bytes, target: bytes, size: int) -> bytes:
        """An IPv4 packet that there is only once."""
        body = next(self._numbers).to_bytes(8, "big") + bytes(max(0, size - 28))
        total = (20 + len(body)).to_bytes(2, "big")
        packet = b"\x45\0" + total + bytes(8) + source + target + body
        self.sent[packet] = None
        return packet

    def post(self, datagram: bytes, sender: Node, target: Address) -> None:
        """Put a datagram on the wire, which does to it what the faults say."""
        self.wire.append((self.now_ms, sender.number, datagram))
        if self.faults.is_cut or self.rng.random() < self.faults.loss:
            return
        copies = 2 if self.rng.random() < self.faults.duplication else 1
        for _ in range(copies):
            harmed = self.rng.random() < self.faults.corruption
            self.inject(self._harm(datagram) if harmed else datagram, sender.address, target,
                        genuine=not harmed)  # fmt: skip

    def inject(
        self, datagram: bytes, source: Address, target: Address, genuine: bool = False
    ) -> None:
        """A datagram from wherever it says."""
        delay_ms = self.rng.randint(*self.faults.delay_ms)
        flight = _Flight(
            self.now_ms + delay_ms, next(self._numbers), datagram, source, target, genuine
        )
        heapq.heappush(self._flights, flight)

    def forget_flights(self, source: Address) -> None:
        """Drop what is under way from there."""
        self._flights = [flight for flight in self._flights if flight.source != source]
        heapq.heapify(self._flights)

    def _harm(self, datagram: bytes) -> bytes:
        """Flip a bit, and sometimes cut the end off. mac2 is spared: it matters only under load."""
        covered = len(datagram) - (16 if datagram[0] in (1, 2) else 0)
        harmed = bytearray(datagram)
        harmed[self.rng.randrange(covered)] ^= 1 << self.rng.randrange(8)
        if self.rng.random() < 0.25:
            del harmed[self.rng.randrange(len(harmed)) :]
        return bytes(harmed)

    def run(self, ms: int) -> None:
        """Let time pass: datagrams arrive, deadlines come."""
        end_ms = self.now_ms + ms
        while (next_ms := self._next_ms()) is not None and next_ms <= end_ms:
            assert next_ms >= self.now_ms - 1, "a deadline in the past was left standing"
            self.now_ms = max(self.now_ms, next_ms)
            self._step()
        self.now_ms = end_ms

    def _next_ms(self) -> int | None:
        times = [node.deadline_ms for node in self.nodes]
        times.append(self._flights[0].at_ms if self._flights else None)
        return min((t for t in times if t is not None), default=None)

    def _step(self) -> None:
        while self._flights and self._flights[0].at_ms <= self.now_ms:
            self._land(heapq.heappop(self._flights))
        for node in self.nodes:
            if node.deadline_ms is not None and node.deadline_ms <= self.now_ms:
                node.wake()
                left = node.deadline_ms
                assert left is None or left > self.now_ms, "wake() left a deadline that is due"

    def _land(self, flight: _Flight) -> None:
        for node in self.nodes:
            if node.address == flight.target and not node.is_asleep:
                if flight.genuine:
                    node.genuine_sources.add(flight.source)
                before = len(node.delivered)
                node.receive(flight.datagram, flight.source)
                assert flight.genuine or len(node.delivered) == before, "a forgery was delivered"

    def types(self, since_ms: int = 0) -> list[tuple[int, int]]:
        """(sender's number, message type) of what was put on the wire."""
        return [(number, datagram[0]) for at_ms, number, datagram in self.wire if at_ms >= since_ms]


def pair(seed: int = 0, **settings) -> tuple[World, Node, Node]:
    """A world of two that know each other's address."""
    world = World(seed)
    a, b = world.nodes
    a.add_peer(b, **settings)
    b.add_peer(a)
    return world, a, b


def connected(seed: int = 0, **settings) -> tuple[World, Node, Node]:
    """The same, after a's handshake."""
    world, a, b = pair(seed, **settings)
    packet = a.send(b)
    world.run(100)
    assert b.delivered == [packet]
    return world, a, b
