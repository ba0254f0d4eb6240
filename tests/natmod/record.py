# SPDX-License-Identifier: MIT
"""Records a handshake in each role with wireguard-go, and packets: tests/vectors/wireguard_go.json.

    .cache/venv/bin/python tests/natmod/record.py          after `make hostlib peer`

Our side is the C of firmware/ through ctypes, with fixed keys, ephemerals, indices and time stamp,
so that a replay must send the same bytes. The server's side is what wireguard-go answered that day.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(ROOT), str(ROOT / "mpy"), str(ROOT / "firmware/binding/cpython"),
    str(ROOT / "tests/natmod/device"),
]  # fmt: skip

import transcript  # noqa: E402

import _wireguard  # noqa: E402
from host_tools.peer.driver import Peer, PeerConfig  # noqa: E402
from wireguard import packets  # noqa: E402
from wireguard.core import allowedips, tai64n  # noqa: E402

OUT = ROOT / "tests" / "vectors" / "wireguard_go.json"
SERVER, BOARD = "10.9.0.1", "10.9.0.2"
SIZES = (0, 1, 15, 16, 100, 1372)
TIMESTAMP_MS = 1_767_225_600_000  # 2026-01-01


def fixed(text: str) -> bytes:
    return _wireguard.blake2s(text.encode())


def public(private: bytes) -> bytes:
    return _wireguard.PrivateKey(private).public_key()


def base(role: str) -> dict[str, Any]:
    return {
        "role": role,
        "our_private": fixed("board").hex(),
        "peer_private": fixed("server").hex(),
        "peer_public": public(fixed("server")).hex(),
        "preshared": fixed("psk").hex(),
        "ephemeral": fixed("ephemeral " + role).hex(),
        "timestamp": tai64n.pack(TIMESTAMP_MS).hex(),
        "index": int.from_bytes(fixed("index " + role)[:4], "little"),
        "initiation": "",
        "response": "",
        "packets": [],
    }


class Recorder:
    def __init__(self, server: Peer, test: dict[str, Any], wire: socket.socket) -> None:
        self.server, self.test, self.wire = server, test, wire
        self.end = transcript.End(test)
        self.target = ("127.0.0.1", server.port)

    def recv(self) -> bytes:
        return self.wire.recv(2048)

    def note(self, direction: str, inner: bytes, datagram: bytes) -> None:
        self.test["packets"].append([direction, inner.hex(), datagram.hex()])

    def send(self, inner: bytes) -> None:
        datagram = self.end.send(inner)
        self.note("out", inner, datagram)
        self.wire.sendto(datagram, self.target)

    def receive(self) -> bytes:
        datagram = self.recv()
        inner = self.end.receive(datagram)
        self.note("in", inner, datagram)
        return inner

    def initiator(self) -> None:
        """Our handshake, a keepalive, and pings that come back."""
        message = self.end.initiate()
        self.test["initiation"] = message.hex()
        self.wire.sendto(message, self.target)
        response = self.recv()
        self.test["response"] = response.hex()
        self.end.finish(response)
        self.send(b"")
        ours, theirs = allowedips.parse_address(BOARD), allowedips.parse_address(SERVER)
        for number, size in enumerate(SIZES):
            data = (bytes(range(256)) * 6)[:size]
            self.send(packets.echo(ours, theirs, False, 7, number, data))
            while not self.receive():
                pass

    def responder(self) -> None:
        """Their handshake, and pings that we answer."""
        pings = self.server.submit("ping", address=BOARD, count=3, bytes=32, interval_ms=50)
        initiation = self.recv()
        self.test["initiation"] = initiation.hex()
        response = self.end.respond(initiation)
        self.test["response"] = response.hex()
        self.wire.sendto(response, self.target)
        while not pings.done() or not self.test["packets"]:
            inner = self.receive()
            if inner:
                source, target, _, payload = packets.parse(inner)
                _, identifier, number, data = packets.parse_echo(source, target, payload)
                self.send(packets.echo(target, source, True, identifier, number, data))
            if len([p for p in self.test["packets"] if p[0] == "out"]) == 3:
                break
        assert pings.result(10)["received"] == 3


def record(role: str) -> dict[str, Any]:
    test = base(role)
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", 0))
    wire.settimeout(10)
    private = base64.b64encode(bytes.fromhex(test["peer_private"])).decode()
    with wire, Peer([SERVER], private_key=private) as server:
        key = base64.b64encode(public(bytes.fromhex(test["our_private"]))).decode()
        psk = base64.b64encode(bytes.fromhex(test["preshared"])).decode()
        endpoint = f"127.0.0.1:{wire.getsockname()[1]}"
        server.add_peer(PeerConfig(key, [f"{BOARD}/32"], psk, endpoint))
        getattr(Recorder(server, test, wire), role)()
    return test


def main() -> None:
    tests = [{"tcId": i, **record(role)} for i, role in enumerate(("initiator", "responder"), 1)]
    head = {
        "algorithm": "WireGuard",
        "source": "wireguard-go (the version in host_tools/peer/go.mod), by tests/natmod/record.py",
        "license": "MIT",
        "testGroups": [{"type": "Transcript", "tests": tests}],
    }
    OUT.write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
    print(f"{OUT.relative_to(ROOT)}: {[len(test['packets']) for test in tests]} packets")


if __name__ == "__main__":
    main()
