# SPDX-License-Identifier: MIT
"""Hostile handshake messages, in both roles."""

from __future__ import annotations

import os
import struct
import time

from tests.hostile import noise
from tests.hostile.endpoint import (
    COOKIE,
    INITIATION,
    RESPONSE,
    Endpoint,
    Received,
    has_mac2,
    index,
    with_macs,
)
from tests.hostile.world import Skip, World, case, slow

RETRY_S = 7.0  # REKEY_TIMEOUT 5 s, jitter, and a busy host
YEAR_NS = 365 * 24 * 3600 * 10**9


def not_answered(world: World, client: Endpoint, *messages: bytes) -> None:
    """None of these initiations gets a response, and an honest one after them does."""
    for message in messages:
        client.deliver(message)
    came = client.receive_type(RESPONSE, 0.1)
    assert came is None, f"a response to {came and came[8:12]}"
    session = client.handshake()
    assert world.responses(client, session) == 0


def set_aside(world: World, client: Endpoint, opened: Received, evil: bytes) -> None:
    """A bad response does no harm: the good one to the same initiation still makes a session."""
    client.deliver(evil)
    good, session = client.respond(opened)
    client.deliver(good)
    assert client.receive_inner(1.0) is not None, "the good response was not taken any more"
    world.check_alive(client, session)


# Strangers and forgers.


@case
def initiation_by_a_stranger(world: World) -> None:
    """Right in every way, but the target does not know the key."""
    client = world.client()
    known, client.identity = client.identity, replaced(client, private=noise.new_private())
    strange = client.initiation().message
    client.identity = known
    not_answered(world, client, strange)


def replaced(client: Endpoint, **fields: object):  # noqa: ANN201
    return type(client.identity)(**{**vars(client.identity), **fields})


@case
def initiation_in_anothers_name(world: World) -> None:
    """A known public key without its private key; the target's own key too."""
    client = world.client()
    publics = [noise.public(noise.new_private()), world.target.public]
    if len(world.identities) > 1:
        publics.append(world.identities[1].public)
    not_answered(world, client, *(client.initiation(static_public=p).message for p in publics))


@case
def initiation_with_another_psk(world: World) -> None:
    """The response cannot be read, and data under keys made with the wrong one is refused."""
    client = world.client()
    known, client.identity = client.identity, replaced(client, psk=os.urandom(32))
    assert client.try_handshake(0.3) is None
    client.identity = known
    session = client.handshake()
    world.check_alive(client, session)


@case
def initiation_with_bad_mac1(world: World) -> None:
    """Without the right mac1 nothing is answered: one bit, all zeros, made for another key."""
    client = world.client()
    good = client.initiation().message
    flipped = bytearray(client.initiation().message)
    flipped[116] ^= 1
    other = with_macs(client.initiation().message[:116], client.identity.public)
    not_answered(world, client, bytes(flipped), good[:116] + bytes(32), other)


@case
def initiation_with_any_byte_changed(world: World) -> None:
    """Each byte of the signed part turned, with mac1 made good again."""
    client = world.client()
    good = client.initiation().message[:116]
    for place in range(8, 116, 9):
        changed = bytearray(good)
        changed[place] ^= 1 << place % 8
        client.deliver(with_macs(bytes(changed), world.target.public))
    assert client.receive_type(RESPONSE, 0.1) is None
    world.check_alive(client, client.handshake())


@case
def initiation_with_low_order_ephemeral(world: World) -> None:
    """es would be zeros, and everybody could read the message (paper §5.4: DH must contribute)."""
    client = world.client()
    evil = [client.initiation(ephemeral_public=p).message for p in noise.LOW_ORDER.values()]
    not_answered(world, client, *evil)


@case
def initiation_with_low_order_static(world: World) -> None:
    """ss would be zeros: whoever claims such a key needs no private key."""
    client = world.client()
    evil = [client.initiation(static_public=p).message for p in noise.LOW_ORDER.values()]
    not_answered(world, client, *evil)


@case
def response_with_low_order_ephemeral(world: World) -> None:
    """ee and se would be zeros: such a response is refused, the true one after it taken."""
    client = world.client()
    opened = world.initiation(client)
    for point in noise.LOW_ORDER.values():
        again = client.read_initiation(opened.message)
        assert again is not None
        evil, session = client.respond(again, ephemeral_public=point)
        client.deliver(evil)
        client.sessions.remove(session)
    good, session = client.respond(opened)
    client.deliver(good)
    world.check_alive(client, session)


@case
def response_with_another_psk(world: World) -> None:
    """Only both preshared keys alike make a session; the attempt does not spoil the true one."""
    client = world.client()
    opened = world.initiation(client)
    again = client.read_initiation(opened.message)
    assert again is not None
    evil, session = client.respond(again, psk=os.urandom(32))
    client.sessions.remove(session)
    set_aside(world, client, opened, evil)


@case
def response_to_nobody(world: World) -> None:
    """Responses to no initiation at all: random, and under the index of a running session."""
    client, session = world.connected()
    for receiver in (index(), 0, session.remote):
        body = struct.pack("<III", RESPONSE, index(), receiver) + os.urandom(48)
        client.send(with_macs(body, world.target.public))
    assert not world.after(client, session)


@case
def response_by_a_stranger(world: World) -> None:
    """To a true initiation, but made by somebody without the private key."""
    client = world.client()
    opened = world.initiation(client)
    body = struct.pack("<III", RESPONSE, index(), opened.sender)
    body += noise.public(noise.new_private()) + os.urandom(16)
    stranger = world.stranger()
    client.send(with_macs(body, world.target.public), stranger)
    set_aside(world, client, opened, with_macs(body, world.target.public))
    assert not world.heard(stranger)


# Replays.


@case
def replayed_initiation(world: World) -> None:
    """An initiation that was answered gets no second response, from wherever it comes."""
    client = world.client()
    sent = client.initiation()
    client.deliver(sent.message)
    response = client.receive_type(RESPONSE, 2.0)
    assert response is not None
    session = client.finish(sent, response)
    assert session is not None
    client.send(session.seal())
    stranger = world.stranger()
    for _ in range(3):
        client.deliver(sent.message)
        client.send(sent.message, stranger)
    assert world.responses(client, session) == 0
    assert not any(message[0] != COOKIE for message in world.heard(stranger))


@case
def replayed_response(world: World) -> None:
    """A response counts once: its replay makes no session and moves no endpoint."""
    client, stranger = world.client(), world.stranger()
    opened = world.initiation(client)
    message, session = client.respond(opened)
    client.deliver(message)
    assert client.receive_inner(1.0) is not None, "the session was not confirmed"
    world.owe(client, session)
    for _ in range(3):
        client.send(message)
        client.send(message, stranger)
    came = world.elicit(client, session)
    assert came is not None and session.open(came) is not None
    assert not world.heard(stranger)


@case
@slow
def replayed_cookie(world: World) -> None:
    """A cookie reply counts once, and an old one does not replace a newer one."""
    client = world.client()
    first = world.initiation(client)
    one, two = os.urandom(16), os.urandom(16)
    old = client.cookie_reply(first, one)
    client.send(old)
    client.send(old)
    second = client.wait_initiation(RETRY_S)
    assert second is not None and has_mac2(second, one), "the cookie was not used"
    client.send(client.cookie_reply(second, two))
    client.send(old)
    third = client.wait_initiation(RETRY_S)
    assert third is not None and has_mac2(third, two), "an old cookie reply was taken again"
    message, session = client.respond(third)
    client.deliver(message)
    world.check_alive(client, session)


@case
@slow
def cookie_for_somebody_else(world: World) -> None:
    """Cookie replies for another index, another key, another message: none is used."""
    client = world.client()
    first = world.initiation(client)
    cookie = os.urandom(16)
    client.send(client.cookie_reply(first, cookie, receiver=first.sender ^ 1))
    client.send(client.cookie_reply(first, cookie, public=world.target.public))
    client.send(client.cookie_reply(first, cookie, mac1=bytes(16)))
    client.send(client.cookie_reply(first, cookie)[:-1] + b"\0")
    client.send(struct.pack("<II", COOKIE, first.sender) + os.urandom(56), world.stranger())
    second = client.wait_initiation(RETRY_S)
    assert second is not None and not has_mac2(second, cookie), "somebody else's cookie was used"
    message, session = client.respond(second)
    client.deliver(message)
    world.check_alive(client, session)


# Indices.


@case
def index_reused_by_two_clients(world: World) -> None:
    """Sender indices are each client's own affair: two may choose the same one."""
    number = index()
    one, its = world.connected(0, local=number)
    other, others = world.connected(1, local=number)
    for _ in range(3):
        world.check_alive(one, its)
        world.check_alive(other, others)
    assert its.remote != others.remote


@case
def index_reused_for_the_next_session(world: World) -> None:
    """A client that takes its old index again gets a new session with other keys."""
    client, old = world.connected()
    new = client.handshake(local=old.local)
    assert new.remote != old.remote and new.send_key != old.send_key
    assert all(old.open(datagram) is None for datagram in world.after(client, new))


@case
def index_of_a_forgotten_session(world: World) -> None:
    """Only the last sessions live: a fourth one's successor has ended the first."""
    client, first = world.connected()
    echo = world.echo(client)
    for _ in range(4):
        session = client.handshake()
        world.check_alive(client, session)
    client.send(first.seal(echo.packet))
    assert world.count(client, session, echo) == 0


@case
def indices_of_the_target_are_all_unlike(world: World) -> None:
    """Twenty handshakes, twenty indices."""
    client = world.client()
    seen = {client.handshake().remote for _ in range(20)}
    assert len(seen) == 20


# Time stamps: the clock of a client goes back, forward, and to the end.


@case
def timestamp_goes_back(world: World) -> None:
    """A true initiation with an older or equal TAI64N is a replay (paper §5.1)."""
    client = world.client()
    now = time.time_ns()
    client.handshake(timestamp=noise.tai64n(now))
    evil = [
        client.initiation(timestamp=stamp).message
        for stamp in (
            noise.tai64n(now),
            noise.tai64n(now - 1),
            noise.tai64n(now - YEAR_NS),
            noise.tai64n(0),
            bytes(12),
        )
    ]
    not_answered(world, client, *evil)


@case
def timestamp_goes_forward(world: World) -> None:
    """A clock ten years ahead is believed; what is behind it is then the past."""
    client, now = forgetful(world), time.time_ns() + 10 * YEAR_NS
    for ahead in (0, 1, YEAR_NS):
        world.check_alive(client, client.handshake(timestamp=noise.tai64n(now + ahead)))
    client.deliver(client.initiation().message)
    assert client.receive_type(RESPONSE, 0.2) is None
    forget(world, client)


@case
def timestamp_wraps(world: World) -> None:
    """The greatest of all is taken; after it none is, also not the smallest."""
    client = forgetful(world)
    session = client.handshake(timestamp=b"\xff" * 12)
    for stamp in (bytes(12), b"\xff" * 12, noise.tai64n(time.time_ns())):
        client.deliver(client.initiation(timestamp=stamp).message)
    assert world.responses(client, session) == 0
    forget(world, client)


def forgetful(world: World) -> Endpoint:
    if world.restart is None:
        raise Skip("would shut this identity out until the target is restarted")
    return world.client()


def forget(world: World, client: Endpoint) -> None:
    assert world.restart is not None
    world.restart(list(world.identities).index(client.identity), client.sock.getsockname()[1])
    world.check_alive(client, client.handshake())


# Shape.


@case
def initiation_truncated(world: World) -> None:
    """Cut at every length, and a byte longer."""
    client = world.client()
    whole = client.initiation().message
    for length in range(len(whole)):
        client.send(whole[:length])
        if length % 16 == 15:
            time.sleep(0.002)
    client.send(whole + b"\0")
    client.send(whole + whole)
    assert client.receive_type(RESPONSE, 0.1) is None
    session = client.handshake()
    assert world.responses(client, session) == 0


@case
def response_truncated(world: World) -> None:
    """Cut at every length, and longer; the whole one then makes the session."""
    client = world.client()
    opened = world.initiation(client)
    again = client.read_initiation(opened.message)
    assert again is not None
    whole, session = client.respond(again)
    for length in range(len(whole)):
        client.send(whole[:length])
        if length % 16 == 15:
            time.sleep(0.002)
    client.send(whole + b"\0")
    assert client.receive_inner(0.1) is None
    client.deliver(whole)
    assert client.receive_inner(1.0) is not None
    world.check_alive(client, session)


@case
def our_own_messages_come_back(world: World) -> None:
    """A mirror on the way: what the target sent is sent back to it."""
    client = world.client()
    opened = world.initiation(client)
    client.send(opened.message)
    message, session = client.respond(opened)
    client.deliver(message)
    confirmation = client.receive(1.0)
    assert confirmation is not None
    client.send(confirmation)
    world.check_alive(client, session)
    assert message[:1] == bytes([RESPONSE]) and opened.message[:1] == bytes([INITIATION])
