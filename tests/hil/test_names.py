# SPDX-License-Identifier: MIT
"""Endpoints by name on the board, with lwIP's own resolver.

The DNS server is inside the board's first tunnel, so that it needs no port 53 of this machine: our
core on a UDP socket, that answers questions from a zone which the tests change.
"""

from __future__ import annotations

import base64
import json
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from demo import board_script
from demo.rig import chosen_env, firmware
from peer.driver import Peer, PeerConfig

import _wireguard
from wgprov.targets.qemu import HOST_ADDRESS, QemuBoard
from wireguard.core.tunnel import Tunnel

DNS_ADDRESS, BOARD_ADDRESS = "10.7.0.53", "10.7.0.2"
NET = "10.8.0"
NAME = "server.example"
DEAD_ADDRESS = "10.0.2.99"
A, AAAA = 1, 28
NXDOMAIN = 3
TTL_S = 1
WGPROV = Path(sys.executable).parent / "wgprov"


class DnsServer(threading.Thread):
    """A WireGuard peer that answers questions about NAME; `zone` may change at any time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.zone: dict[int, bytes] = {}
        self.asked: list[tuple[str, int]] = []
        self.key = _wireguard.PrivateKey.generate()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.tunnel = Tunnel(_wireguard, _wireguard.Path(), self.key, self._stamp)
        self.stop = threading.Event()

    @staticmethod
    def _stamp() -> bytes:
        return time.time_ns().to_bytes(12, "big")

    def allow(self, public_key: str) -> None:
        """Take this board; before start()."""
        prefix = (socket.inet_aton(BOARD_ADDRESS), 32)
        self.tunnel.add_peer(base64.b64decode(public_key), None, None, [prefix])

    def run(self) -> None:
        while not self.stop.is_set():
            now_ms = time.monotonic_ns() // 1_000_000
            if select.select([self.socket], [], [], 0.02)[0]:
                datagram, (host, port) = self.socket.recvfrom(65535)
                self.tunnel.receive(datagram, socket.inet_aton(host), port, now_ms)
            self.tunnel.wake(now_ms)
            inbox, self.tunnel.inbox = self.tunnel.inbox, []
            for packet in inbox:
                self._take(packet, now_ms)
            outbox, self.tunnel.outbox = self.tunnel.outbox, []
            for datagram, address, port in outbox:
                self.socket.sendto(datagram, (socket.inet_ntoa(address), port))

    def _take(self, packet: bytes, now_ms: int) -> None:
        header = 4 * (packet[0] & 15)
        source_port, port = struct.unpack_from("!HH", packet, header)
        if packet[9] == socket.IPPROTO_UDP and port == 53:
            answer = self._answer(packet[header + 8 :])
            udp = struct.pack("!HHHH", 53, source_port, 8 + len(answer), 0) + answer
            self.tunnel.send(ipv4(packet[16:20], packet[12:16], udp), now_ms)

    def _answer(self, question: bytes) -> bytes:
        """RFC 1035: the header, the question as it came, and at most one record."""
        end = question.index(b"\0", 12)
        labels, at = [], 12
        while at < end:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = int.from_bytes(question[end + 1 : end + 3], "big")
        self.asked.append((".".join(labels), kind))
        address = self.zone.get(kind) if labels == NAME.split(".") else None
        code = 0 if address or self.zone else NXDOMAIN
        flags = 0x8580 | code
        head = question[:2] + struct.pack("!HHHHH", flags, 1, 1 if address else 0, 0, 0)
        record = b""
        if address:
            record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, TTL_S, len(address)) + address
        return head + question[12 : end + 5] + record


def ipv4(source: bytes, target: bytes, udp: bytes) -> bytes:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + source + target
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + (~(total + (total >> 16)) & 0xFFFF).to_bytes(2, "big") + header[12:] + udp


class Bench:
    def __init__(self, board: QemuBoard, dns: DnsServer, server: Peer, folder: Path) -> None:
        self.board, self.dns, self.server, self.folder = board, dns, server, folder

    def run(self, call: str) -> Any:
        return board_script.run(self.board.port, "tunnel_events", call)

    def provision(self, name: str, conf: str) -> str:
        file = self.folder / f"{name}.conf"
        file.write_text(conf)
        command = [str(WGPROV), "provision", "-p", self.board.port, str(file)]
        done = subprocess.run(
            [*command, "--psk", "none", "--json"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["public_key"])

    def begin(self, zone: dict[int, bytes]) -> None:
        """Start wg1 with this zone, and a cache that is old."""
        self.run("active('wg1', False)")
        self.dns.zone = zone
        time.sleep(TTL_S + 1.2)  # the matter itself: lwIP's cache looks at ages once in a second
        self.dns.asked.clear()
        self.run("active('wg1', True)")

    def wait(self, is_so: Callable[[], bool], timeout_s: float) -> float:
        start = time.monotonic()
        while not is_so():
            assert time.monotonic() - start < timeout_s, f"not within {timeout_s} s"
            time.sleep(0.1)
        return time.monotonic() - start

    def status(self) -> str:
        return str(self.run("status('wg1')"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder, env, dns = tmp_path_factory.mktemp("names"), chosen_env(), DnsServer()
    with (
        Peer([f"{NET}.1"], log=folder / "server.log") as server,
        QemuBoard(env, firmware(env), folder / "flash") as board,
    ):
        board.wait_prompt()
        made = Bench(board, dns, server, folder)
        key = made.provision(
            "wg0",
            f"""[Interface]
Address = {BOARD_ADDRESS}/24
[Peer]
PublicKey = {base64.b64encode(dns.key.public_key()).decode()}
Endpoint = {HOST_ADDRESS}:{dns.port}
AllowedIPs = 10.7.0.0/24
""",
        )
        dns.allow(key)
        dns.start()
        made.run(f"use_dns('{DNS_ADDRESS}')")
        made.run("stale_after(3000)")
        key = made.provision(
            "wg1",
            f"""[Interface]
Address = {NET}.2/24
[Peer]
PublicKey = {server.public_key}
Endpoint = {NAME}:{server.port}
AllowedIPs = {NET}.0/24
""",
        )
        server.add_peer(PeerConfig(key, [f"{NET}.2/32"]))
        made.run("active('wg0', False)")
        made.run("active('wg0', True)")
        made.wait(lambda: made.run("status('wg0')") == "up", 15)
        yield made
        dns.stop.set()
        dns.join(2)


def test_a_record(bench: Bench) -> None:
    bench.begin({A: socket.inet_aton(HOST_ADDRESS)})
    bench.wait(lambda: bench.status() == "up", 10)
    assert bench.server.ping(f"{NET}.2").received == 10
    assert bench.dns.asked == [(NAME, A)], "an answer is kept"


def test_the_name_comes_late(bench: Bench) -> None:
    """One failed look-up is not the end."""
    bench.begin({})
    bench.wait(lambda: bench.status().startswith(f"DNS: no address for {NAME} (asked 2"), 15)
    bench.dns.zone = {A: socket.inet_aton(HOST_ADDRESS)}
    bench.wait(lambda: bench.status() == "up", 15)
    stats = bench.run("stats('wg1')")
    assert stats["dns_failed"] >= 2 and stats["dns_answered"] == 1


def test_the_server_moves_before_the_first_handshake(bench: Bench) -> None:
    """Nobody is at the address that the name has first."""
    bench.begin({A: socket.inet_aton(DEAD_ADDRESS)})
    bench.wait(lambda: bool(bench.dns.asked), 5)
    bench.dns.zone = {A: socket.inet_aton(HOST_ADDRESS)}
    took_s = bench.wait(lambda: bench.status() == "up", 25)
    print(f"found again after {took_s:.1f} s")
    assert bench.run("stats('wg1')")["dns_moved"] == 2


def test_aaaa_record(bench: Bench) -> None:
    """A name with an IPv6 address only."""
    bench.begin({AAAA: socket.inet_pton(socket.AF_INET6, "fec0::2")})

    def endpoint() -> str:
        return str(bench.run("endpoints('wg1')")[0])

    bench.wait(lambda: endpoint() == f"[fec0::2]:{bench.server.port}", 10)
    assert (NAME, AAAA) in bench.dns.asked
