# SPDX-License-Identifier: MIT
"""The core against a real WireGuard, wireguard-go, through a UDP socket on loopback."""

from __future__ import annotations

import base64
import select
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import _wireguard
from host_tools.peer.driver import Peer, PeerConfig
from wireguard.core import messages
from wireguard.core.tai64n import Timestamps
from wireguard.core.tunnel import Tunnel

SERVER, CLIENT = "10.8.0.1", "10.8.0.2"
PSK = bytes(range(32))
WAIT_S = 10.0
ECHO_REPLY, ECHO_REQUEST = 0, 8


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def icmp_packet(kind: int, source: str, target: str, rest: bytes) -> bytes:
    """An IPv4 packet with an ICMP echo message; rest: identifier, sequence number, payload."""
    icmp = bytes([kind, 0, 0, 0]) + rest
    icmp = icmp[:2] + checksum(icmp + bytes(len(icmp) % 2)).to_bytes(2, "big") + icmp[4:]
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0,
        socket.inet_aton(source), socket.inet_aton(target),
    )  # fmt: skip
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + icmp


class Client:
    """A Tunnel on a UDP socket, in real time, that answers pings."""

    def __init__(self, server: Peer) -> None:
        self.server = server
        self.key = _wireguard.PrivateKey.generate()
        self.mark = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.replies: list[bytes] = []
        self.start()

    def start(self) -> None:
        """Boot, with nothing but the keys and the mark."""
        stamps = Timestamps(lambda: self.mark, lambda mark: setattr(self, "mark", mark))
        self.path = _wireguard.Path()
        self.tunnel = Tunnel(_wireguard, self.path, self.key, stamps)
        self.peer = self.tunnel.add_peer(
            base64.b64decode(self.server.public_key),
            _wireguard.PresharedKey(PSK),
            (bytes([127, 0, 0, 1]), self.server.port),
            [(socket.inet_aton(SERVER), 32)],
        )

    @property
    def public_key(self) -> str:
        return base64.b64encode(self.key.public_key()).decode()

    @staticmethod
    def now_ms() -> int:
        return time.monotonic_ns() // 1_000_000

    def pump(self, until, timeout_s: float = WAIT_S) -> bool:
        """Serve socket and deadlines until until() is true."""
        end = time.monotonic() + timeout_s
        while not until() and time.monotonic() < end:
            if select.select([self.socket], [], [], 0.01)[0]:
                datagram, (host, port) = self.socket.recvfrom(65535)
                self.tunnel.receive(datagram, socket.inet_aton(host), port, self.now_ms())
            deadline = self.tunnel.next_deadline()
            if deadline is not None and deadline <= self.now_ms():
                self.tunnel.wake(self.now_ms())
            self._answer()
            self._drain()
        return until()

    def _answer(self) -> None:
        inbox, self.tunnel.inbox = self.tunnel.inbox, []
        for packet in inbox:
            if packet[20] == ECHO_REQUEST:
                reply = icmp_packet(ECHO_REPLY, CLIENT, SERVER, packet[24:])
                self.tunnel.send(reply, self.now_ms())
            else:
                self.replies.append(packet[24:])

    def _drain(self) -> None:
        outbox, self.tunnel.outbox = self.tunnel.outbox, []
        for datagram, address, port in outbox:
            self.socket.sendto(datagram, (socket.inet_ntoa(address), port))

    def ping(self, rest: bytes, timeout_s: float = WAIT_S) -> bool:
        """Send one echo request; does the same come back?"""
        self.tunnel.send(icmp_packet(ECHO_REQUEST, CLIENT, SERVER, rest), self.now_ms())
        self._drain()
        return self.pump(lambda: rest in self.replies, timeout_s)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Peer([SERVER], log=tmp_path / "server.log") as server:
        made = Client(server)
        server.add_peer(
            PeerConfig(
                made.public_key,
                [f"{CLIENT}/32"],
                base64.b64encode(PSK).decode(),
                f"127.0.0.1:{made.port}",
            )
        )
        yield made
        made.socket.close()


def test_our_handshake_and_echo(client: Client) -> None:
    for number in range(5):
        assert client.ping(struct.pack("!HH", 1, number) + bytes(56 + number))
    assert client.tunnel.counters["response_taken"] == 1
    received, sent = client.path.transfer(client.peer.id)
    # Handshakes count too. Here the host sends ours, of 148 bytes, past the path. The server counts
    # a packet a moment after that packet is on its way, so it is asked until its figures settle.
    expected = (sent + 148, received)
    deadline = time.monotonic() + WAIT_S
    while True:
        stats = client.server.stats()[client.public_key]
        if (stats.rx_bytes, stats.tx_bytes) == expected or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    assert (stats.rx_bytes, stats.tx_bytes) == expected
    assert stats.last_handshake > 0


def test_their_handshake_and_echo(client: Client) -> None:
    pings = client.server.submit("ping", address=SERVER.replace("0.1", "0.2"), count=10)
    assert client.pump(pings.done)
    assert pings.result()["received"] == 10
    assert client.tunnel.counters["initiation_taken"] == 1
    assert client.tunnel.counters["initiation_sent"] == 0


def test_reboots_without_a_clock_are_let_in(client: Client) -> None:
    for number in range(4):
        assert client.ping(struct.pack("!HH", 2, number) + bytes(8))
        client.start()
        # wireguard-go takes one initiation in 20 ms from a peer, as we do.
        time.sleep(0.05)
    assert client.ping(struct.pack("!HH", 3, 0) + bytes(8))
    assert client.tunnel.counters["initiation_sent"] == 1


def junk_initiation(public_key: bytes, number: int) -> bytes:
    """Good for its mac1 only, so that the server must think about it."""
    message = messages.pack_initiation(
        number, _wireguard.blake2s(number.to_bytes(4, "big")), bytes(48), bytes(28)
    )
    mac1 = _wireguard.blake2s(message, _wireguard.blake2s(b"mac1----" + public_key), 16)
    return message + mac1 + bytes(16)


def test_a_server_under_load_gives_a_cookie_and_lets_us_in_by_it(client: Client) -> None:
    public_key = base64.b64decode(client.server.public_key)
    junk = [junk_initiation(public_key, number) for number in range(500)]
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    target = ("127.0.0.1", client.server.port)

    def under_fire(until) -> bool:
        end = time.monotonic() + WAIT_S
        while not until() and time.monotonic() < end:
            for message in junk:
                flood.sendto(message, target)
            client.pump(until, 0.02)
        return until()

    client.tunnel.connect(client.peer, client.now_ms())
    assert under_fire(lambda: client.tunnel.counters["cookie_taken"] > 0)
    assert client.peer.state == "connecting"
    assert under_fire(lambda: client.peer.state == "up"), "mac2 lets us in, under fire"
    flood.close()
    assert client.ping(struct.pack("!HH", 4, 0) + bytes(8))


def test_the_server_gets_in_by_our_cookie_while_we_are_under_load(client: Client) -> None:
    """The other way round: wireguard-go understands the cookies that we give."""
    target = (bytes([127, 0, 0, 1]), 9)
    numbers = iter(range(1 << 30))

    def under_fire(until) -> bool:
        end = time.monotonic() + WAIT_S
        while not until() and time.monotonic() < end:
            for _ in range(5):
                junk = junk_initiation(client.key.public_key(), next(numbers))
                client.tunnel.receive(junk, *target, client.now_ms())
            client.tunnel.outbox.clear()  # the answers to that
            client.pump(until, 0.02)
        return until()

    under_fire(lambda: client.tunnel.counters["cookie_sent"] > 20)
    pings = client.server.submit("ping", address=CLIENT, count=10)
    counters = client.tunnel.counters
    assert under_fire(lambda: counters["initiation_taken"] > 0), "with mac2, in its second try"
    assert client.peer.state == "up" or under_fire(lambda: client.peer.state == "up")
    assert client.pump(pings.done)
    assert client.tunnel.handshakes.guard.sources.buckets, "it was taken under load"
