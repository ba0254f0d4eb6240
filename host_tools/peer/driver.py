# SPDX-License-Identifier: MIT
"""Drive a wg-peer process: a WireGuard server with its own network stack, for demo and tests.

One request is one JSON line; answers carry its id and may come in any order, so a transfer can wait
in a future while other requests are made. Every wait is bounded.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / ".cache" / "build" / "peer" / "wg-peer"

DEFAULT_TIMEOUT_S = 30.0
# The process answers within the request's own time; this is what the pipe may add.
REPLY_GRACE_S = 5.0
EXIT_TIMEOUT_S = 5.0


class PeerError(Exception):
    """wg-peer refused a request, gave no answer in time, or has ended."""


@dataclass(frozen=True)
class Ping:
    sent: int
    received: int
    rtt_ms: list[float]

    @property
    def best_ms(self) -> float:
        return min(self.rtt_ms, default=0.0)


@dataclass(frozen=True)
class Transfer:
    bytes: int
    sha256: str
    seconds: float
    remote: str


@dataclass(frozen=True)
class UdpCount:
    datagrams: int
    bytes: int
    distinct: int
    duplicates: int
    reordered: int
    seconds: float


@dataclass(frozen=True)
class Blast:
    sent: int
    failed: int
    seconds: float


@dataclass(frozen=True)
class Steps:
    sent: int
    acknowledged: int
    seconds: float


@dataclass(frozen=True)
class MqttMessage:
    topic: str
    payload: str
    qos: int
    client: str  # who published it


@dataclass(frozen=True)
class PeerStats:
    public_key: str
    endpoint: str
    last_handshake: float  # Unix time in seconds, 0 = none
    rx_bytes: int
    tx_bytes: int


@dataclass(frozen=True)
class PeerConfig:
    """What the server knows of one client: the content of a [Peer] block."""

    public_key: str
    allowed_ips: list[str]
    preshared_key: str | None = field(default=None, repr=False)
    endpoint: str = ""
    keepalive_s: int = 0


class Peer:
    """A server at `addresses` inside the tunnel, on 127.0.0.1:`port` outside (0 = any free port).

    Use it as a context manager. `restart()` ends the process and starts one with the same keys,
    port and peers, as a reboot of the server would.
    """

    def __init__(
        self,
        addresses: list[str],
        *,
        port: int = 0,
        listen: str = "",
        mtu: int = 1420,
        private_key: str | None = None,
        binary: Path = BINARY,
        log: Path | None = None,
    ) -> None:
        self.addresses = addresses
        self.port = port
        self.listen = listen  # the address of this computer; none: loopback only
        self.mtu = mtu
        self.binary = binary
        self.log = log
        self.public_key = ""
        self._private_key = private_key
        self._peers: dict[str, PeerConfig] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Peer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Life of the process

    def start(self) -> None:
        """Start the process and its tunnel; `port` and `public_key` are known afterwards."""
        if self._process is not None:
            raise PeerError("already started")
        self._process = self._spawn()
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        try:
            self._start_tunnel()
        except BaseException:
            self.stop()
            raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [os.fspath(self.binary)]
        if self.log is not None:
            command += ["-log", os.fspath(self.log)]
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except FileNotFoundError:
            raise PeerError(f"{self.binary} is missing: run make build") from None

    def _start_tunnel(self) -> None:
        if self._private_key is None:
            self._private_key = self.request("genkey")["private_key"]
        started = self.request(
            "start",
            private_key=self._private_key,
            listen_port=self.port,
            listen=self.listen,
            addresses=self.addresses,
            mtu=self.mtu,
        )
        self.port, self.public_key = started["listen_port"], started["public_key"]
        for peer in self._peers.values():
            self._send_peer(peer)

    def stop(self) -> None:
        """Close the input, which ends the process; kill it when it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            process.wait(EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(EXIT_TIMEOUT_S)
        if self._reader is not None:  # it fails what still waits, which must not be the next start
            self._reader.join(EXIT_TIMEOUT_S)

    def kill(self) -> None:
        """End the process as a power cut would: no goodbye, no clean-up."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def restart(self) -> None:
        """Kill and start again: same keys, port and peers; learned endpoints are forgotten."""
        self.kill()
        self.start()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    # Requests

    def submit(
        self, op: str, timeout_s: float = DEFAULT_TIMEOUT_S, **fields: Any
    ) -> Future[dict[str, Any]]:
        """Send a request; the future's result is its answer, or it raises PeerError."""
        process = self._process
        if process is None or process.stdin is None:
            raise PeerError(f"{op}: the peer is not running")
        future: Future[dict[str, Any]] = Future()
        number = next(self._ids)
        request = {"id": number, "op": op, "timeout_ms": int(timeout_s * 1000), **fields}
        with self._lock:
            self._waiting[number] = future
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            except (BrokenPipeError, ValueError):
                self._waiting.pop(number, None)
                raise PeerError(f"{op}: the peer has ended") from None
        return future

    def request(
        self, op: str, timeout_s: float = DEFAULT_TIMEOUT_S, **fields: Any
    ) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        return self.result(self.submit(op, timeout_s, **fields), op, timeout_s)

    @staticmethod
    def result(
        future: Future[dict[str, Any]], op: str = "request", timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> dict[str, Any]:
        """The answer of a submitted request."""
        try:
            return future.result(timeout_s + REPLY_GRACE_S)
        except TimeoutError:
            raise PeerError(f"{op}: no answer within {timeout_s} s") from None

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._settle(json.loads(line))
        with self._lock:
            lost, self._waiting = self._waiting, {}
        for future in lost.values():
            future.set_exception(PeerError("the peer has ended"))
        process.stdout.close()

    def _settle(self, answer: dict[str, Any]) -> None:
        with self._lock:
            future = self._waiting.pop(answer.get("id") or 0, None)
        if future is None:
            return
        if "error" in answer:
            future.set_exception(PeerError(answer["error"]))
        else:
            future.set_result(answer.get("result", {}))

    # Typed helpers

    def add_peer(self, peer: PeerConfig) -> None:
        """Let a client in; remembered over restarts."""
        self._send_peer(peer)
        self._peers[peer.public_key] = peer

    def _send_peer(self, peer: PeerConfig) -> None:
        fields: dict[str, Any] = {
            "public_key": peer.public_key,
            "allowed_ips": peer.allowed_ips,
            "endpoint": peer.endpoint,
            "keepalive_s": peer.keepalive_s,
        }
        if peer.preshared_key is not None:
            fields["preshared_key"] = peer.preshared_key
        self.request("add_peer", **fields)

    def remove_peer(self, public_key: str) -> None:
        self._peers.pop(public_key, None)
        self.request("remove_peer", public_key=public_key)

    def set_endpoint(self, public_key: str, endpoint: str) -> None:
        """Where to reach a client, as if read from a configuration; forgotten by restart()."""
        key = base64.b64decode(public_key).hex()
        uapi = f"public_key={key}\nupdate_only=true\nendpoint={endpoint}\n"
        self.request("uapi_set", config=uapi)

    def stats(self) -> dict[str, PeerStats]:
        """Statistics by the client's public key."""
        return {p["public_key"]: PeerStats(**p) for p in self.request("stats")["peers"]}

    def wait_handshake(self, public_key: str, after: float, timeout_s: float) -> PeerStats:
        """Wait for a handshake later than the Unix time `after`."""
        answer = self.request("wait", timeout_s, public_key=public_key, after=after)
        return PeerStats(**answer)

    def ping(self, address: str, count: int = 10, **fields: Any) -> Ping:
        """Fields: bytes (56), interval_ms (20), wait_ms for each answer (1000)."""
        timeout_s = DEFAULT_TIMEOUT_S + count * fields.get("wait_ms", 1000) / 1000
        return Ping(**self.request("ping", timeout_s, address=address, count=count, **fields))

    def tcp_listen(self, port: int) -> None:
        self.request("tcp_listen", port=port)

    def tcp_echo(self, connect: str, size_bytes: int, seed: int = 1, **fields: Any) -> Transfer:
        """Connect, send a pattern, and raise unless exactly that comes back."""
        return Transfer(
            **self.request("tcp_echo", connect=connect, bytes=size_bytes, seed=seed, **fields)
        )

    def udp_listen(self, port: int) -> None:
        self.request("udp_listen", port=port)

    def udp_count(
        self, port: int, expect: int, quiet_ms: int = 1000, timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> UdpCount:
        """Wait for `expect` distinct datagrams or a pause of quiet_ms after the first."""
        answer = self.request("udp_count", timeout_s, port=port, expect=expect, quiet_ms=quiet_ms)
        return UdpCount(**answer)

    def udp_close(self, port: int) -> None:
        self.request("udp_close", port=port)

    def udp_blast(
        self,
        to: str,
        count: int,
        size_bytes: int,
        pace: float,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> Blast:
        """Send numbered datagrams to "address:port" at `pace` datagrams per second."""
        return Blast(
            **self.request("udp_blast", timeout_s, to=to, count=count, bytes=size_bytes, pace=pace)
        )

    def udp_step(
        self,
        to: str,
        from_port: int,
        count: int,
        size_bytes: int,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        *,
        wait_ms: int = 200,
    ) -> Steps:
        """Send numbered datagrams, each when the last one was acknowledged by its first 4 bytes, or
        was not within wait_ms."""
        request = {"to": to, "from_port": from_port, "count": count, "bytes": size_bytes}
        return Steps(**self.request("udp_step", timeout_s, **request, wait_ms=wait_ms))

    def http_serve(self, port: int, body: str, folder: Path | None = None) -> None:
        """Serve `body` at /, N bytes at /bytes/N, and the folder's files at /files/."""
        self.request("http_serve", port=port, body=body, folder=os.fspath(folder or ""))

    def http_get(self, url: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> dict[str, Any]:
        """Fetch a page through the tunnel: status, bytes, sha256, body (its first 4096 bytes)."""
        return self.request("http_get", timeout_s, url=url)

    def mqtt_serve(self, port: int) -> None:
        """A broker (mochi-mqtt) inside the tunnel, which lets everybody in."""
        self.request("mqtt_serve", port=port)

    def mqtt_wait(self, topic: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> MqttMessage:
        """The oldest message of this topic that nobody has taken yet."""
        return MqttMessage(**self.request("mqtt_wait", timeout_s, topic=topic))

    def mqtt_publish(self, topic: str, payload: str, retain: bool = False) -> None:
        self.request("mqtt_publish", topic=topic, payload=payload, retain=retain)
