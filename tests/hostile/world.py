# SPDX-License-Identifier: MIT
"""What a case works with: the target, our identities, strangers, and how to tell that nothing
happened.

That a forbidden datagram did nothing is not shown by waiting: an honest echo request goes after it,
and what had to come would have come before its answer.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.endpoint import (
    DATA,
    RESPONSE,
    Endpoint,
    Identity,
    NoAnswer,
    Received,
    Session,
    Target,
    new_socket,
)
from tests.hostile.packets import UNREACHABLE, Echo, icmp, ipv4

ANSWER_S = 1.0
TRIES = 6
GRACE_S = 0.025  # for a target that works on several datagrams at once
SILENCE_S = 19.0  # 10 + 5 s and jitter until the target misses an answer of ours (paper §6.5)
PASSIVE_KEEPALIVE_S = 12.0

Case = Callable[["World"], None]
CASES: dict[str, Case] = {}
SLOW: set[str] = set()  # those that wait for the protocol's own seconds


class Skip(Exception):
    """Why a case cannot be run against this target."""


def case(function: Case) -> Case:
    """Register under the function's name; its docstring is what the case says."""
    CASES[function.__name__] = function
    return function


def slow(function: Case) -> Case:
    SLOW.add(function.__name__)
    return function


@dataclass
class World:
    """sockets: one for each identity, bound where the target's configuration says, if it does.

    restart(number, port) makes the target forget what it learned of our identity `number`, know it
    at that port of ours and start a handshake.  poke(address) makes the target send a packet to
    an inner address.  counters() is what the target counts by reason. Each may be None.
    new_socket() makes a stranger's socket.
    """

    target: Target
    identities: Sequence[Identity]
    sockets: Sequence[socket.socket] = ()
    restart: Callable[[int, int], None] | None = None
    poke: Callable[[str], None] | None = None
    counters: Callable[[], dict[str, int]] | None = None
    new_socket: Callable[[], Any] = new_socket
    _open: list[socket.socket] = field(default_factory=list)

    def close(self) -> None:
        for sock in self._open:
            sock.close()
        self._open.clear()

    # Who takes part.

    def client(self, number: int = 0) -> Endpoint:
        if number >= len(self.identities):
            raise Skip(f"needs {number + 1} identities that the target knows")
        sock = self.sockets[number] if self.sockets else self.stranger()
        client = Endpoint(self.target, self.identities[number], sock)
        client.drain()
        return client

    def connected(self, number: int = 0, **deviation: object) -> tuple[Endpoint, Session]:
        """A client that has a session which the target has seen used."""
        client = self.client(number)
        session = client.handshake(**deviation)
        self.check_alive(client, session)
        return client, session

    def stranger(self) -> socket.socket:
        sock = self.new_socket()
        self._open.append(sock)
        return sock

    def echo(self, client: Endpoint, size_bytes: int = 24) -> Echo:
        return Echo(client.identity.address, self.target.address, size_bytes)

    # What came.

    def after(self, client: Endpoint, session: Session) -> list[bytes]:
        """Ping until an answer comes: every other datagram that came by then, data opened."""
        seen: list[bytes] = []
        for _ in range(TRIES):
            echo = self.echo(client)
            client.send(session.seal(echo.packet))
            if self._collect(client, echo, ANSWER_S, seen):
                self._collect(client, None, GRACE_S, seen)
                return seen
        raise NoAnswer("the target answers no echo request any more")

    def _collect(
        self, client: Endpoint, until: Echo | None, wait_s: float, seen: list[bytes]
    ) -> bool:
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            datagram = client.receive(left)
            if datagram is None:
                continue
            opened = client.open(datagram) if datagram[:1] == bytes([DATA]) else None
            if opened is not None and until is not None and until.is_answer(opened[1]):
                return True
            seen.append(datagram if opened is None else opened[1])
        return False

    def check_alive(self, client: Endpoint, session: Session) -> None:
        self.after(client, session)

    def answers(self, client: Endpoint, session: Session, echo: Echo, **how: Any) -> int:
        """Send one echo request sealed as `how` says: answers to it before that to a later one."""
        client.send(session.seal(echo.packet, **how))
        return self.count(client, session, echo)

    def count(self, client: Endpoint, session: Session, echo: Echo) -> int:
        return sum(echo.is_answer(inner) for inner in self.after(client, session))

    def gets_through(self, client: Endpoint, session: Session, echo: Echo, **how: Any) -> bool:
        """Is it answered? A datagram that a busy host has lost is sent again, which is harmless
        where the target has never seen it."""
        datagram = session.seal(echo.packet, **how)
        for _ in range(TRIES):
            client.send(datagram)
            if self.comes(client, echo, ANSWER_S):
                return True
        return False

    def comes(self, client: Endpoint, echo: Echo, wait_s: float) -> bool:
        """Does its answer come in time, whatever else comes before?"""
        return self._collect(client, echo, wait_s, [])

    def responses(self, client: Endpoint, session: Session) -> int:
        """How many handshake responses have come; the session shows that the target goes on."""
        return sum(message[:1] == bytes([RESPONSE]) for message in self.after(client, session))

    @staticmethod
    def heard(sock: socket.socket) -> list[bytes]:
        """Everything that is waiting at a socket."""
        found = []
        sock.settimeout(GRACE_S)
        try:
            while True:
                found.append(sock.recv(65536))
        except (TimeoutError, ConnectionRefusedError):
            return found

    # What the target does by itself.

    def initiation(self, client: Endpoint) -> Received:
        """The target's own initiation: at once if it can be restarted, else after 15 s in which
        we owe it an answer."""
        number = list(self.identities).index(client.identity)
        if self.restart is not None:
            client.drain()
            self.restart(number, client.sock.getsockname()[1])
            opened = client.wait_initiation(SILENCE_S)
        else:
            session = client.handshake()
            client.send(session.seal(self.echo(client).packet))
            opened = client.wait_initiation(SILENCE_S)
        if opened is None:
            raise Skip("the target does not start a handshake by itself")
        return opened

    def elicit(self, client: Endpoint, session: Session) -> bytes | None:
        """Something that the target sends to this identity without having just heard from it:
        the datagram, if it comes to the client's own socket."""
        if self.poke is not None:
            client.drain()
            self.poke(client.identity.address)
            return client.receive_type(DATA, ANSWER_S)
        return client.receive_type(DATA, PASSIVE_KEEPALIVE_S)

    def owe(self, client: Endpoint, session: Session) -> None:
        """Data that needs no answer, so that a target without `poke` owes us a keepalive."""
        if self.poke is None:
            mine, to = client.identity.address, self.target.address
            client.send(session.seal(ipv4(mine, to, icmp(UNREACHABLE, bytes(8)))))
