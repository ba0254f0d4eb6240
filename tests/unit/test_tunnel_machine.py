# SPDX-License-Identifier: MIT
"""A state machine of two tunnels on a bad network with an attacker on it; hypothesis drives it.

Invariants:
- what is delivered was sent, to that node, and is delivered once; never by a forged datagram;
- no nonce is used twice with one key, no ephemeral key twice, and time stamps only grow, through
  restarts and whatever the clocks do;
- a node's idea of the other's endpoint is configured, or where an unharmed datagram came from;
- no deadline is left standing, and nothing raises;
- once the network is whole, packets get through both ways within 20 s.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import _wireguard
from tests.unit.tunnel_world import Faults, Node, World
from wireguard.core import messages
from wireguard.core.tai64n import CLOCK_MAX_MS, CLOCK_MIN_MS

CONVERGE_MS = 20_000
ENDS = st.sampled_from([0, 1])
RATES = st.sampled_from([0.0, 0.0, 0.05, 0.3, 0.7])
EVIL = (bytes([203, 0, 113, 66]), 666)


class Tunnels(RuleBasedStateMachine):
    @initialize(
        seed=st.integers(0, 2**32),
        psk=st.booleans(),
        knows=st.booleans(),
        keepalive_s=st.sampled_from([0, 0, 7, 25]),
    )
    def begin(self, seed: int, psk: bool, knows: bool, keepalive_s: int) -> None:
        self.world = World(seed)
        self.ports = iter(range(50_000, 60_000))
        board, server = self.world.nodes
        key = bytes(range(32)) if psk else None
        board.add_peer(server, keepalive_s=keepalive_s, psk=key)
        server.add_peer(board, endpoint=knows, psk=key)
        self.checked = [0, 0]
        self.wire_checked = 0
        self.nonces: set[tuple[int, bytes]] = set()
        self.ephemerals: set[bytes] = set()
        self.unique: set[bytes] = set()

    def ends(self, which: int) -> tuple[Node, Node]:
        return self.world.nodes[which], self.world.nodes[1 - which]

    @rule(which=ENDS, count=st.integers(1, 12), size=st.sampled_from([28, 64, 1420]))
    def send(self, which: int, count: int, size: int) -> None:
        node, other = self.ends(which)
        for _ in range(count):
            node.send(other, size)

    @rule(ms=st.sampled_from([1, 50, 400, 3000, 11_000, 16_000, 60_000, 125_000, 181_000, 600_000]))
    def wait(self, ms: int) -> None:
        self.world.run(ms)

    @rule(
        which=ENDS,
        seconds=st.integers(1, 130),
        both=st.booleans(),
    )
    def talk(self, which: int, seconds: int, both: bool) -> None:
        node, other = self.ends(which)
        for _ in range(seconds):
            node.send(other)
            if both:
                other.send(node)
            self.world.run(1000)

    @rule(loss=RATES, duplication=RATES, corruption=RATES, delay_ms=st.sampled_from([5, 80, 2500]))
    def spoil(self, loss: float, duplication: float, corruption: float, delay_ms: int) -> None:
        self.world.faults = Faults(loss, duplication, corruption, (5, delay_ms))

    @rule()
    def cut(self) -> None:
        self.world.faults = Faults(is_cut=True)

    @rule(which=ENDS)
    def connect(self, which: int) -> None:
        self.ends(which)[0].connect()

    @rule(which=ENDS)
    def restart(self, which: int) -> None:
        # A replay of what came before the restart is WireGuard's known limit: the greatest time
        # stamp is kept in RAM, so the endpoint would move, though no session comes of it.
        self.world.forget_flights(EVIL)
        self.ends(which)[0].start()

    @rule(
        which=ENDS,
        ms=st.sampled_from([10, 3000, 30_000, 170_000, 600_000, 3_600_000]),
        clock_runs=st.booleans(),
    )
    def sleep(self, which: int, ms: int, clock_runs: bool) -> None:
        self.ends(which)[0].sleep(ms, clock_runs)

    @rule(which=ENDS, ms=st.sampled_from([1, 4000, 100_000, 600_000, 1 << 30, 1 << 32]))
    def jump(self, which: int, ms: int) -> None:
        """The monotonic clock leaps: an interrupt was late, or a test wrote to the counter."""
        node, _other = self.ends(which)
        node.started_ms -= ms
        node.wake()

    @rule(which=ENDS, wall_ms=st.none() | st.integers(CLOCK_MIN_MS - 10, CLOCK_MAX_MS + 10))
    def set_clock(self, which: int, wall_ms: int | None) -> None:
        """Back, forward, or lost."""
        self.ends(which)[0].wall_ms = wall_ms

    @rule(which=ENDS, count=st.integers(1, 40))
    def flood(self, which: int, count: int) -> None:
        """Initiations whose mac1 is good: they bring the node under load."""
        node, _other = self.ends(which)
        key = _wireguard.blake2s(b"mac1----" + node.key.public_key())
        for number in range(count):
            body = messages.pack_initiation(number, bytes(32), bytes(48), bytes(28))
            mac1 = _wireguard.blake2s(body, key, 16)
            self.world.inject(body + mac1 + bytes(16), EVIL, node.address)
        self.world.run(10)

    @rule()
    def roam(self) -> None:
        """The board only: two ends that move at once may lose each other for good."""
        self.world.nodes[0].address = (bytes([198, 51, 100, 1]), next(self.ports))

    @rule(which=ENDS, back=st.integers(0, 60))
    def replay(self, which: int, back: int) -> None:
        """What a node has taken comes again from elsewhere."""
        node, _other = self.ends(which)
        if node.seen:
            datagram, _source = node.seen[-1 - back % len(node.seen)]
            self.world.inject(datagram, EVIL, node.address)
            self.world.run(10)

    @rule(which=ENDS, junk=st.binary(max_size=200), kind=st.integers(0, 5))
    def junk(self, which: int, junk: bytes, kind: int) -> None:
        node, _other = self.ends(which)
        self.world.inject(bytes([kind, 0, 0, 0]) + junk, EVIL, node.address)
        self.world.run(10)

    @rule()
    def converge(self) -> None:
        self.world.faults = Faults(delay_ms=(1, 40))
        start_ms = self.world.now_ms
        left: set[int] = {0, 1}
        sent: list[set[bytes]] = [set(), set()]
        while left:
            assert self.world.now_ms - start_ms <= CONVERGE_MS, f"not through to {left}"
            for which in (0, 1):
                node, other = self.ends(which)
                sent[1 - which].add(node.send(other))
            self.world.run(500)
            left = {n for n in left if not sent[n] & set(self.world.nodes[n].delivered)}

    @invariant()
    def delivered_is_what_was_sent_once(self) -> None:
        for n, node in enumerate(getattr(self, "world", World(nodes=0)).nodes):
            for packet in node.delivered[self.checked[n] :]:
                assert packet in self.world.sent
                assert packet[16:20] == node.inner
                assert packet not in self.unique, "delivered twice"
                self.unique.add(packet)
            self.checked[n] = len(node.delivered)

    @invariant()
    def nothing_is_used_twice(self) -> None:
        if not hasattr(self, "world"):
            return
        for _at, number, datagram in self.world.wire[self.wire_checked :]:
            if datagram[0] == messages.DATA:
                nonce = number, datagram[4:16]  # receiver's index, counter
                assert nonce not in self.nonces, "a nonce was used twice"
                self.nonces.add(nonce)
            elif datagram[0] != messages.COOKIE_REPLY:
                start = 8 if datagram[0] == messages.INITIATION else 12
                ephemeral = datagram[start : start + 32]
                assert ephemeral not in self.ephemerals, "an ephemeral key was used twice"
                self.ephemerals.add(ephemeral)
        self.wire_checked = len(self.world.wire)

    @invariant()
    def time_stamps_grow(self) -> None:
        for node in getattr(self, "world", World(nodes=0)).nodes:
            stamps = node.stamps[-20:]
            assert stamps == sorted(set(stamps))

    @invariant()
    def endpoints_move_by_authentic_traffic_only(self) -> None:
        for node in getattr(self, "world", World(nodes=0)).nodes:
            endpoint = node.path.endpoint(node.peer.id)
            other = [n for n in self.world.nodes if n is not node][0]
            assert endpoint != EVIL
            assert endpoint in node.genuine_sources | {None, node.first_endpoint[other.number]}

    @invariant()
    def little_is_kept(self) -> None:
        for node in getattr(self, "world", World(nodes=0)).nodes:
            assert len(node.peer.staged) <= 8
            assert not node.tunnel.outbox and not node.tunnel.inbox
            assert node.peer.todo == 0
            assert len(node.tunnel.handshakes.guard.sources.buckets) <= 32


TestTunnels = Tunnels.TestCase
TestTunnels.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
