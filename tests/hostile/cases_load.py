# SPDX-License-Identifier: MIT
"""Floods. The client's session must go on: each echo request is answered within a second while
2,000 junk messages a second arrive."""

from __future__ import annotations

import itertools
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator

from tests.hostile.endpoint import DATA, INITIATION, RESPONSE, Endpoint, Session, with_macs
from tests.hostile.world import World, case

PACE_PER_S = 2000
FLOOD_S = 2.0
BURST = 10
SOURCES = 64
JUNK = 2000  # made beforehand: what makes it shall not compete with the target
BUSY_SHARE = 0.25  # of the pace that a host must manage, or the case says nothing
WITHIN_S = 1.0
PING_PAUSE_S = 0.15
HANDSHAKE_TRIES = 20


class Flood:
    """Sends at PACE_PER_S from a thread until it is left; `sent` counts."""

    def __init__(self, world: World, sockets: list[socket.socket], source: Iterator[bytes]) -> None:
        self._to, self._sockets, self._source = world.target.outer, sockets, source
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0

    def __enter__(self) -> Flood:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._started

    def _run(self) -> None:
        while not self._stop.is_set():
            for _ in range(BURST):
                sock = self._sockets[self.sent % len(self._sockets)]
                sock.sendto(next(self._source), self._to)
                self.sent += 1
            ahead = self._started + self.sent / PACE_PER_S - time.monotonic()
            time.sleep(max(ahead, 0))


def junk(world: World, *, mac1: bool) -> Iterator[bytes]:
    """Endless initiations of random content, with the mac1 that anybody can make, or without."""
    head = struct.pack("<I", INITIATION)
    if not mac1:
        return itertools.cycle([head + os.urandom(144) for _ in range(JUNK)])
    to = world.target.public
    return itertools.cycle([with_macs(head + os.urandom(112), to) for _ in range(JUNK)])


def survives(world: World, sockets: list[socket.socket], source: Iterator[bytes]) -> None:
    client, session = world.connected()
    answered: list[bool] = []
    with Flood(world, sockets, source) as flood:
        end = time.monotonic() + FLOOD_S
        while time.monotonic() < end:
            answered.append(ping(world, client, session))
            time.sleep(PING_PAUSE_S)
    print(f"{flood.sent} in {flood.seconds:.1f} s; {sum(answered)}/{len(answered)} pings answered")
    assert flood.sent > BUSY_SHARE * PACE_PER_S * flood.seconds, "the host is too busy to flood"
    assert all(answered), f"{answered.count(False)} of {len(answered)} pings not answered"
    world.check_alive(client, session)


def ping(world: World, client: Endpoint, session: Session) -> bool:
    """Is the tunnel's ping answered within a second? A datagram may be lost on the way: as `ping`
    does, it is sent again, twice."""
    deadline = time.monotonic() + WITHIN_S
    for _ in range(3):
        echo = world.echo(client)
        client.send(session.seal(echo.packet))
        until = min(time.monotonic() + WITHIN_S / 3, deadline)
        while (left := until - time.monotonic()) > 0:
            came = client.receive_packet(left)
            if came is not None and echo.is_answer(came[1]):
                return True
    return False


@case
def flood_bad_mac1_one_source(world: World) -> None:
    """Initiations with a wrong mac1, from one address and port."""
    survives(world, [world.stranger()], junk(world, mac1=False))


@case
def flood_bad_mac1_many_sources(world: World) -> None:
    """Initiations with a wrong mac1, from many ports."""
    survives(world, [world.stranger() for _ in range(SOURCES)], junk(world, mac1=False))


@case
def flood_good_mac1_one_source(world: World) -> None:
    """Initiations that cost the target a Diffie-Hellman, from one address and port."""
    survives(world, [world.stranger()], junk(world, mac1=True))


@case
def flood_good_mac1_many_sources(world: World) -> None:
    """Initiations that cost the target a Diffie-Hellman, from many ports."""
    survives(world, [world.stranger() for _ in range(SOURCES)], junk(world, mac1=True))


@case
def handshake_during_a_flood(world: World) -> None:
    """Under a flood that costs a Diffie-Hellman each, an honest client still gets a new session:
    the target asks for a cookie, and the client shows that it lives where it says."""
    client, _ = world.connected()
    sockets = [world.stranger() for _ in range(SOURCES)]
    with Flood(world, sockets, junk(world, mac1=True)) as flood:
        time.sleep(0.5)  # the flood has lasted for a while when the honest client comes
        started, tries, session = time.monotonic(), 0, None
        while session is None and tries < HANDSHAKE_TRIES:
            tries += 1
            session = client.try_handshake(0.3)
        took_s = time.monotonic() - started
    print(f"{tries} tries, {took_s:.1f} s, {flood.sent} junk; cookie: {client.cookie is not None}")
    assert session is not None
    client.send(session.seal())
    world.check_alive(client, session)


@case
def flood_of_data(world: World) -> None:
    """Data for a session that exists, forged; and for none."""
    client, session = world.connected()
    forged = [
        struct.pack("<IIQ", DATA, receiver, counter) + os.urandom(64)
        for counter in range(1 << 20, (1 << 20) + JUNK // 2)
        for receiver in (session.remote, session.remote ^ 1)
    ]
    survives(world, [world.stranger()], itertools.cycle(forged))


@case
def initiations_faster_than_allowed(world: World) -> None:
    """A client's own true initiations, 100 at once: few are answered (at most 50 a second)."""
    client, session = world.connected()
    client.pause()
    for _ in range(100):
        client.send(client.initiation(cookie=client.cookie).message)
    started, answered = time.monotonic(), 0
    while client.receive_type(RESPONSE, 0.3) is not None:
        answered += 1
    took_s = time.monotonic() - started
    print(f"{answered} of 100 answered in {took_s:.2f} s")
    assert answered <= 2 + 50 * took_s
    world.check_alive(client, client.handshake())
