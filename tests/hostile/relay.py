# SPDX-License-Identifier: MIT
"""A bad network between two WireGuard ends: loss, reorder, corruption, new addresses, both ways.

    with Relay(to=("127.0.0.1", server_port), bad=BAD, seed=1) as relay:
        ... the client's endpoint is 127.0.0.1:relay.port ...
        relay.move()     # from here on both ends see the other one at another port

A client moves as behind a NAT that has forgotten: what comes to its old port is lost. The server's
old ports still lead to it, for two ends that move at once could never find each other again.
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

RECEIVE_BUFFER_BYTES = 1 << 20
TICK_S = 0.05
STOP_S = 5.0
Address = tuple[str, int]


@dataclass(frozen=True)
class Bad:
    """Shares of datagrams, each direction for itself; a reordered one waits up to late_s."""

    loss: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0
    late_s: float = 0.03


CLEAN = Bad()
BAD = Bad(loss=0.05, reorder=0.10, corrupt=0.02)


@dataclass(order=True)
class _Late:
    due_s: float
    number: int
    data: bytes = field(compare=False)
    to_server: bool = field(compare=False)


class Relay:
    """`counts` has what was done; `port` is where a client begins."""

    def __init__(self, to: Address, bad: Bad = CLEAN, seed: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self._heard: dict[str, float] = {}
        self._to, self._bad = to, bad
        self._choice = random.Random(seed)
        self._client: Address | None = None
        self._late: list[_Late] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Relay:
        self._front, self._back = self._new(), self._new()
        self._fronts = [self._front]
        self.port = int(self._front.getsockname()[1])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(STOP_S)
        for sock in (*self._fronts, self._back):
            sock.close()

    @staticmethod
    def _new() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.bind(("127.0.0.1", 0))
        return sock

    def move(self) -> None:
        """Another port towards each end."""
        with self._lock:
            self._back.close()
            self._front, self._back = self._new(), self._new()
            self._fronts.append(self._front)
            self.counts["moves"] += 1

    def silences(self) -> dict[str, float]:
        """Seconds since each end was last heard."""
        now = time.monotonic()
        return {end: round(now - at, 1) for end, at in self._heard.items()}

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                sockets = [*self._fronts, self._back]
            wait_s = TICK_S
            if self._late:
                wait_s = min(TICK_S, max(0.0, self._late[0].due_s - time.monotonic()))
            ready, _, _ = select.select(sockets, [], [], wait_s)
            with self._lock:
                for sock in ready:
                    self._take(sock)
                self._send_late()

    def _take(self, sock: socket.socket) -> None:
        if sock.fileno() < 0:  # closed by a move in between
            return
        data, source = sock.recvfrom(65536)
        to_server = sock is not self._back
        if to_server:
            self._client = source
        self.counts["datagrams"] += 1
        self._heard["client" if to_server else "server"] = time.monotonic()
        lot = self._choice.random()
        bad = self._bad
        if lot < bad.loss:
            self.counts["lost"] += 1
        elif lot < bad.loss + bad.corrupt:
            self.counts["corrupted"] += 1
            self._pass(self._corrupted(data), to_server)
        elif lot < bad.loss + bad.corrupt + bad.reorder:
            self.counts["reordered"] += 1
            due_s = time.monotonic() + self._choice.uniform(0.2, 1) * bad.late_s
            late = _Late(due_s, self.counts["datagrams"], data, to_server)
            heapq.heappush(self._late, late)
        else:
            self._pass(data, to_server)

    def _corrupted(self, data: bytes) -> bytes:
        changed = bytearray(data)
        changed[self._choice.randrange(len(data))] ^= 1 << self._choice.randrange(8)
        return bytes(changed)

    def _send_late(self) -> None:
        while self._late and self._late[0].due_s <= time.monotonic():
            late = heapq.heappop(self._late)
            self._pass(late.data, late.to_server)

    def _pass(self, data: bytes, to_server: bool) -> None:
        if to_server:
            self._back.sendto(data, self._to)
        elif self._client is not None:
            self._front.sendto(data, self._client)
