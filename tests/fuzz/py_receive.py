# SPDX-License-Identifier: MIT
"""The Python core and the C data path under it, as one tunnel end: datagrams from strangers, forged
with a good mac1, changed on the way, repeated, and true ones, while time passes.

Nothing raises; no packet comes out that its peer did not send, and none twice; a stranger gets no
more bytes back than it sent.
"""

from __future__ import annotations

import random
import struct

import _wireguard
from tests.fuzz.py_source import Source
from tests.unit.tunnel_world import SeededCrypto
from wireguard.core.tai64n import Timestamps
from wireguard.core.tunnel import Tunnel

STEPS_MAX = 48
A, B, STRANGER = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]), bytes([192, 0, 2, 66])
PORT = 51820
PSK = bytes(range(32))
INNER_A, INNER_B = bytes([10, 7, 0, 1]), bytes([10, 7, 0, 2])


def packet(source: bytes, to: bytes, payload: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, 17, 0)
    return head + source + to + payload


class End:
    def __init__(self, crypto: SeededCrypto) -> None:
        self.key = crypto.generate()
        self.mark = 0
        stamps = Timestamps(lambda: self.mark, lambda mark: setattr(self, "mark", mark))
        self.path = _wireguard.Path()
        self.tunnel = Tunnel(crypto, self.path, self.key, stamps)

    def know(self, other: End, address: bytes, inner: bytes) -> None:
        self.peer = self.tunnel.add_peer(
            other.key.public_key(), _wireguard.PresharedKey(PSK), (address, PORT), [(inner, 32)]
        )

    def drain(self) -> list[bytes]:
        sent = [item[0] for item in self.tunnel.outbox]
        self.tunnel.outbox.clear()
        return sent


class Pair:
    """`a` is under test. What is on the way between the two waits in lists."""

    def __init__(self) -> None:
        crypto = SeededCrypto(random.Random(1))
        self.now_ms = 1
        self.a, self.b = End(crypto), End(crypto)
        self.a.know(self.b, B, INNER_B)
        self.b.know(self.a, A, INNER_A)
        self.to_a: list[bytes] = []
        self.to_b: list[bytes] = []
        self.seen: list[bytes] = []
        self.true: set[bytes] = set()
        self.number = 0

    def collect(self) -> None:
        self.to_b += self.a.drain()
        self.to_a += self.b.drain()
        for inner in self.a.tunnel.inbox:
            assert bytes(inner) in self.true, "a packet that its peer has not sent, or twice"
            self.true.discard(bytes(inner))
        self.a.tunnel.inbox.clear()
        self.b.tunnel.inbox.clear()

    def deliver(self, datagram: bytes, address: bytes = B) -> None:
        self.seen.append(datagram)
        self.a.tunnel.receive(datagram, address, PORT, self.now_ms)

    def stranger(self, datagram: bytes) -> None:
        self.collect()
        self.a.tunnel.receive(datagram, STRANGER, PORT, self.now_ms)
        back = [item for item in self.a.tunnel.outbox if item[1] == STRANGER]
        assert sum(len(item[0]) for item in back) <= len(datagram), "an amplifier"

    def send(self, size_bytes: int) -> None:
        """One packet from b, each unlike all others."""
        self.number += 1
        inner = packet(INNER_B, INNER_A, struct.pack("!I", self.number) + bytes(size_bytes))
        self.true.add(inner)
        self.b.tunnel.send(inner, self.now_ms)


def with_mac1(message: bytes, public: bytes) -> bytes:
    key = _wireguard.blake2s(b"mac1----" + public)
    return message + _wireguard.blake2s(message, key, 16) + bytes(16)


def edited(datagram: bytes, source: Source) -> bytes:
    changed = bytearray(datagram)
    for _ in range(source.number() % 4):
        changed[source.number(2) % len(changed)] = source.number()
    cut = source.number()
    return bytes(changed[: len(changed) - cut]) if cut < 16 else bytes(changed)


def step(pair: Pair, source: Source) -> None:
    choice = source.number() % 10
    public = pair.a.key.public_key()
    if choice == 0:
        pair.stranger(source.take(source.number(2) % 300))
    elif choice == 1:
        pair.stranger(with_mac1(b"\x01\0\0\0" + source.take(112), public))
    elif choice == 2:
        pair.stranger(with_mac1(b"\x02\0\0\0" + source.take(56), public))
    elif choice == 3 and pair.to_a:
        pair.deliver(edited(pair.to_a[source.number() % len(pair.to_a)], source))
    elif choice == 4 and pair.to_a:
        pair.deliver(pair.to_a.pop(0))
    elif choice == 5 and pair.seen:
        again = pair.seen[source.number() % len(pair.seen)]
        pair.deliver(again, STRANGER if source.number() & 1 else B)
    elif choice == 6:
        pair.send(source.number(2) % 1400)
    elif choice == 7:
        size_bytes = source.number(2) % 1400
        pair.a.tunnel.send(packet(INNER_A, INNER_B, bytes(size_bytes)), pair.now_ms)
    elif choice == 8 and pair.to_b:
        pair.b.tunnel.receive(pair.to_b.pop(0), A, PORT, pair.now_ms)
    elif choice == 9:
        pair.now_ms += source.number(2) * 7
        pair.a.tunnel.wake(pair.now_ms)
        pair.b.tunnel.wake(pair.now_ms)


def one(data: bytes) -> None:
    source, pair = Source(data), Pair()
    for _ in range(STEPS_MAX):
        if not source.more:
            break
        step(pair, source)
        pair.collect()
    pair.a.tunnel.close()
    pair.b.tunnel.close()


SEEDS = (
    bytes([6, 10, 0, 4, 8, 4, 4, 6, 1, 1, 4, 5, 0, 1, 5, 1, 0]),
    bytes([7, 20, 0, 8, 4, 8, 6, 0, 0, 4, 3, 0, 1, 40, 0, 255, 200, 4]),
    bytes([0, 40, 0, 4, 0, 0, 0]) + bytes(37) + bytes([1]) + bytes(112) + bytes([2]) + bytes(56),
    bytes([6, 1, 0, 4, 8, 4, 9, 255, 255, 4, 8, 6, 1, 0, 9, 255, 127, 4, 8, 4]),
    bytes([1]) * 200,
)
