# SPDX-License-Identifier: MIT
"""Endpoints by name, and datagrams without an underlay, in virtual time.

The netif here is scripted: it stands for lwIP's DNS and for an interface that comes and goes.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wireguard import resolver as module
from wireguard.resolver import STALE_ATTEMPTS, Resolver
from wireguard.sender import STALE_MS, Sender

HERE, THERE = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 7])
V6 = bytes([0x20, 1, 0xD, 0xB8]) + bytes(12)


class Netif:
    """One question at a time, answered by `zone`: name -> address, or absent."""

    def __init__(self) -> None:
        self.zone: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.is_slow = False
        self.endpoints: dict[int, tuple[bytes, int]] = {}
        self.is_up = True
        self.sent: list[bytes] = []

    def resolve(self, name: str) -> None:
        assert len(name) and (not self.asked or self.answered), "two questions at once"
        self.asked.append(name)
        self.answered = False

    def resolved(self):
        if self.is_slow:
            return None
        self.answered = True
        return self.zone.get(self.asked[-1], False)

    def endpoint(self, peer: int):
        return self.endpoints.get(peer)

    def set_endpoint(self, peer: int, address: bytes, port: int) -> None:
        self.endpoints[peer] = (address, port)

    def send(self, datagram: bytes, _address: bytes, _port: int) -> bool:
        if self.is_up:
            self.sent.append(datagram)
        return self.is_up


class Clock:
    """Calls step() as client.py does: at the deadlines, and when an answer is there."""

    def __init__(self) -> None:
        self.now_ms = 1
        self.netif = Netif()
        self.found: list[object] = []
        self.resolver = Resolver(self.netif, self.found.append)
        self.stale: set[int] = set()
        self.peers: list[SimpleNamespace] = []
        self.steps = 0

    def peer(self, host: str = "vpn.example", port: int = 51820) -> SimpleNamespace:
        peer = SimpleNamespace(id=len(self.peers), failure=None, handshake_attempts=0)
        self.peers.append(peer)
        self.resolver.add(peer, host, port)
        return peer

    def step(self) -> None:
        self.steps += 1
        self.resolver.step(self.now_ms)
        for peer in self.peers:
            peer.handshake_attempts = STALE_ATTEMPTS if peer.id in self.stale else 0
        self.resolver.look_at_peers(self.now_ms)

    def run(self, ms: int) -> None:
        end_ms = self.now_ms + ms
        while True:
            self.step()
            while self.resolver._asked is not None and not self.netif.is_slow:
                self.step()  # an answer wakes by itself
            deadline = self.resolver.next_deadline()
            if deadline is None or deadline > end_ms:
                break
            self.now_ms = max(self.now_ms, deadline)
        self.now_ms = end_ms


def test_an_address_needs_no_dns() -> None:
    clock = Clock()
    peer, other = clock.peer("192.0.2.1"), clock.peer("2001:db8::")
    clock.run(1000)
    assert clock.netif.asked == []
    assert clock.netif.endpoints == {peer.id: (HERE, 51820), other.id: (V6, 51820)}
    assert clock.resolver.next_deadline() is None


@pytest.mark.parametrize("address", [HERE, V6], ids=["A", "AAAA"])
def test_a_name_is_asked_for_once(address: bytes) -> None:
    clock = Clock()
    clock.netif.zone["vpn.example"] = address
    peer = clock.peer()
    clock.run(3_600_000)
    assert clock.netif.asked == ["vpn.example"]
    assert clock.netif.endpoints == {0: (address, 51820)}
    assert clock.found == [peer]
    assert clock.resolver.next_deadline() is None, "sticky: nothing polls"


def test_a_failed_look_up_is_never_the_last() -> None:
    clock = Clock()
    peer = clock.peer()
    times = []
    for _ in range(20):
        clock.run(0)
        times.append(clock.now_ms)
        clock.now_ms = clock.resolver.next_deadline()
    gaps = [(b - a) // 1000 for a, b in zip(times[:-1], times[1:], strict=True)]
    assert gaps == [1, 2, 4, 8, 16, 32] + [60] * 13
    assert clock.resolver.failure(peer) == "DNS: no address for vpn.example (asked 20 times)"
    assert clock.resolver.counters["dns_failed"] == 20
    clock.netif.zone["vpn.example"] = HERE
    clock.run(60_000)
    assert clock.found == [peer]
    assert clock.resolver.failure(peer) is None


def test_a_network_that_comes_up_ends_the_pause() -> None:
    clock = Clock()
    peer = clock.peer()
    clock.run(600_000)
    clock.netif.zone["vpn.example"] = HERE
    clock.resolver.hurry(clock.now_ms)
    clock.run(0)
    assert clock.found == [peer]


def test_a_peer_that_is_silent_is_looked_up_again_with_growing_pauses() -> None:
    clock = Clock()
    clock.netif.zone["vpn.example"] = HERE
    peer = clock.peer()
    clock.run(1000)
    clock.stale.add(peer.id)
    asked = []
    for _ in range(100):
        before = len(clock.netif.asked)
        clock.run(60_000)
        asked.append(len(clock.netif.asked) - before)
    assert asked[0] == 2, "15 s and 30 s after the answer"
    assert sum(asked[10:60]) == 10, "at last once in five minutes"
    assert clock.found == [peer], "the same answer is no news: it must not restart the 90 s"
    clock.netif.zone["vpn.example"] = THERE
    clock.run(module.STALE_MAX_MS)
    assert clock.found == [peer, peer]
    assert clock.netif.endpoints[peer.id] == (THERE, 51820)
    clock.stale.clear()
    clock.run(600_000)
    assert clock.resolver.next_deadline() is None


def test_an_endpoint_that_roamed_is_kept_until_it_is_stale() -> None:
    clock = Clock()
    clock.netif.zone["vpn.example"] = HERE
    peer = clock.peer()
    clock.run(1000)
    clock.netif.endpoints[peer.id] = (THERE, 1)  # by an authenticated packet
    clock.run(3_600_000)
    assert clock.netif.endpoints[peer.id] == (THERE, 1)
    clock.stale.add(peer.id)
    clock.run(1000)
    assert clock.netif.endpoints[peer.id] == (HERE, 51820)


def test_two_names_are_asked_for_in_turn_and_one_does_not_hold_up_the_other() -> None:
    clock = Clock()
    clock.netif.zone["b.example"] = THERE
    _missing, good = clock.peer("a.example"), clock.peer("b.example", 7)
    clock.run(30_000)
    assert clock.netif.endpoints == {good.id: (THERE, 7)}
    assert clock.netif.asked[:2] == ["a.example", "b.example"]


def test_a_slow_answer_is_waited_for_without_polling() -> None:
    clock = Clock()
    clock.netif.is_slow = True
    clock.netif.zone["vpn.example"] = HERE
    clock.peer()
    clock.step()
    clock.step()
    assert clock.resolver.next_deadline() is None
    assert clock.netif.asked == ["vpn.example"]
    clock.netif.is_slow = False
    clock.step()
    assert len(clock.found) == 1


# --- sender ------------------------------------------------------------------------------------


def item(word: bytes) -> tuple[bytes, bytes, int]:
    return word, HERE, 1


def test_datagrams_go_out_in_order_and_leave_nothing() -> None:
    netif = Netif()
    sender, outbox = Sender(netif), [item(b"1"), item(b"2")]
    assert sender.send(outbox, 5) is False
    assert netif.sent == [b"1", b"2"] and outbox == []
    assert sender.next_deadline() is None and sender.stuck_since_ms is None


def test_without_an_underlay_it_tries_again_with_growing_pauses() -> None:
    netif = Netif()
    netif.is_up = False
    sender, now_ms, gaps = Sender(netif), 1000, []
    sender.send([item(b"old")], now_ms)
    assert sender.stuck_since_ms == 1000
    for _ in range(8):
        gaps.append(sender.next_deadline() - now_ms)
        now_ms = sender.next_deadline()
        sender.send([], now_ms)
    assert gaps == [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]
    sender.send([item(b"new")], now_ms)
    netif.is_up = True
    assert sender.send([], now_ms) is True, "new handshakes are due"
    assert netif.sent == [b"new"], "the older one was worth nothing"
    assert sender.next_deadline() is None and sender.stuck_since_ms is None


@pytest.mark.parametrize(("away_ms", "is_long"), [(STALE_MS - 1, False), (STALE_MS, True)])
def test_a_short_absence_needs_no_new_handshake(away_ms: int, is_long: bool) -> None:
    netif = Netif()
    netif.is_up = False
    sender = Sender(netif)
    sender.send([item(b"1")], 1000)
    netif.is_up = True
    assert sender.send([], 1000 + away_ms) is is_long
