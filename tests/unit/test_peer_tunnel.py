# SPDX-License-Identifier: MIT
"""The protocol core on CPython against wireguard-go, which knows nothing of ours.

The core runs here as on a board, with a UDP socket on 127.0.0.1 as its link; a few lines of IPv4
and ICMP stand for the IP stack.
"""

from __future__ import annotations

import base64
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from peer.driver import Peer, PeerConfig

import _wireguard
from wireguard.core import tai64n, tunnel

LOOPBACK = bytes([127, 0, 0, 1])
SERVER, CLIENT = "10.9.1.1", "10.9.1.2"
ECHO, ECHO_REPLY = 8, 0
HANDSHAKE_S = 5.0
FLOOD_GUARD_S = 0.05  # wireguard-go takes an initiation in 20 ms, by the real clock
REKEY_TIMEOUT_MS = 5000  # no handshake more often (paper §6.1)
STEP_S = 0.01


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def ipv4(source: str, to: str, payload: bytes) -> bytes:
    addresses = socket.inet_aton(source) + socket.inet_aton(to)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, 1, 0) + addresses
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def icmp(kind: int, sequence: int, body: bytes) -> bytes:
    head = struct.pack("!BBHHH", kind, 0, 0, 7, sequence)
    return head[:2] + struct.pack("!H", checksum(head + body)) + head[4:] + body


class Client:
    """A Tunnel, its socket, and a thread that moves datagrams and answers echo requests."""

    def __init__(self, server: Peer, psk: bytes | None, server_knows_psk: bool = True) -> None:
        self.key = _wireguard.PrivateKey.generate()
        self.tunnel = tunnel.Tunnel(
            _wireguard,
            _wireguard.Path(),
            self.key,
            tai64n.Timestamps(lambda: 0, lambda mark: None, lambda: time.time_ns() // 1_000_000),
        )
        self.peer = self.tunnel.add_peer(
            base64.b64decode(server.public_key),
            _wireguard.PresharedKey(psk) if psk else None,
            (LOOPBACK, server.port),
            [(socket.inet_aton(SERVER), 24)],
        )
        server.add_peer(
            PeerConfig(
                self.public_key,
                [f"{CLIENT}/32"],
                base64.b64encode(psk).decode() if psk and server_knows_psk else None,
            )
        )
        self.ahead_ms = 0  # of the real clock: a test need not wait for the protocol's intervals
        self.replies: list[bytes] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(STEP_S)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def public_key(self) -> str:
        return base64.b64encode(self.key.public_key()).decode()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self.socket.close()

    def now(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self.ahead_ms

    def send(self, inner: bytes) -> None:
        with self._lock:
            self.tunnel.send(inner, self.now())
            self._drain()

    def connect(self) -> None:
        with self._lock:
            self.tunnel.connect(self.peer, self.now())
            self._drain()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                datagram, (host, port) = self.socket.recvfrom(65536)
            except TimeoutError:
                datagram = b""
            with self._lock:
                if datagram:
                    self.tunnel.receive(datagram, socket.inet_aton(host), port, self.now())
                deadline = self.tunnel.next_deadline()
                if deadline is not None and deadline <= self.now():
                    self.tunnel.wake(self.now())
                for inner in self.tunnel.inbox[:]:
                    self._take(inner)
                self.tunnel.inbox.clear()
                self._drain()

    def _take(self, inner: bytes) -> None:
        payload = bytes(inner[20 : struct.unpack_from("!H", inner, 2)[0]])
        if payload[0] == ECHO:
            answer = bytes([ECHO_REPLY, 0, 0, 0]) + payload[4:]
            answer = answer[:2] + struct.pack("!H", checksum(answer)) + answer[4:]
            self.tunnel.send(ipv4(CLIENT, SERVER, answer), self.now())
        else:
            self.replies.append(payload)

    def _drain(self) -> None:
        for datagram, address, port in self.tunnel.outbox:
            self.socket.sendto(datagram, (socket.inet_ntoa(address), port))
        self.tunnel.outbox.clear()

    def wait(self, holds: object, limit_s: float = HANDSHAKE_S) -> bool:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if holds():  # type: ignore[operator]
                return True
            time.sleep(STEP_S)
        return False


@pytest.fixture
def server() -> Iterator[Peer]:
    with Peer([SERVER], log=None) as peer:
        yield peer


@pytest.mark.parametrize("psk", [None, os.urandom(32)], ids=["no psk", "psk"])
def test_the_core_initiates(server: Peer, psk: bytes | None) -> None:
    client = Client(server, psk)
    try:
        client.send(ipv4(CLIENT, SERVER, icmp(ECHO, 1, b"before the session")))
        assert client.wait(lambda: client.replies), "the staged packet was not answered"
        assert client.replies[0] == icmp(ECHO_REPLY, 1, b"before the session")
        assert server.ping(CLIENT).received == 10
        assert client.tunnel.counters["initiation_sent"] == 1
        stats = server.stats()[client.public_key]
        assert stats.endpoint == f"127.0.0.1:{client.socket.getsockname()[1]}"
    finally:
        client.close()


@pytest.mark.parametrize("psk", [None, os.urandom(32)], ids=["no psk", "psk"])
def test_the_core_responds(server: Peer, psk: bytes | None) -> None:
    client = Client(server, psk)
    try:
        port = client.socket.getsockname()[1]
        key = base64.b64decode(client.public_key).hex()
        server.request("uapi_set", config=f"public_key={key}\nendpoint=127.0.0.1:{port}\n")
        assert server.ping(CLIENT).received == 10
        counters = client.tunnel.counters
        assert (counters["initiation_taken"], counters["response_sent"]) == (1, 1)
        assert counters["initiation_sent"] == 0
    finally:
        client.close()


def test_another_psk_gives_no_session(server: Peer) -> None:
    client = Client(server, os.urandom(32), server_knows_psk=False)
    try:
        client.send(ipv4(CLIENT, SERVER, icmp(ECHO, 1, b"never")))
        assert client.wait(lambda: client.tunnel.counters["response_forged"])
        assert not client.replies
    finally:
        client.close()


def test_a_new_handshake_does_not_disturb_the_tunnel(server: Peer) -> None:
    client = Client(server, None)
    try:
        client.connect()
        assert client.wait(lambda: client.peer.last_handshake_ms)
        for round_ in range(3):
            before = client.tunnel.counters["response_taken"]
            time.sleep(FLOOD_GUARD_S)
            client.ahead_ms += REKEY_TIMEOUT_MS
            client.connect()
            assert server.ping(CLIENT, 5).received == 5, f"round {round_}"
            assert client.wait(lambda n=before: client.tunnel.counters["response_taken"] > n)
    finally:
        client.close()


def test_all_sizes_come_through(server: Peer) -> None:
    client = Client(server, None)
    try:
        for size in (0, 1, 15, 16, 17, 100, 1371, 1372, 1392):
            client.replies.clear()
            body = os.urandom(size)
            client.send(ipv4(CLIENT, SERVER, icmp(ECHO, 1, body)))
            assert client.wait(lambda: client.replies), f"{size} bytes"
            assert client.replies[0][8:] == body
    finally:
        client.close()
