# SPDX-License-Identifier: MIT
"""A tunnel under load: what a flood costs, and that a peer still gets in."""

from __future__ import annotations

import pytest

import _wireguard
from tests.unit.tunnel_world import World, connected, pair
from wireguard.core import messages, peer

SECOND_MS = 1000
INITIATION, RESPONSE, COOKIE_REPLY, DATA = 1, 2, 3, 4
EVIL = (bytes([203, 0, 113, 66]), 666)


class Counting:
    """The crypto module; counts the X25519 of the handshakes."""

    def __init__(self, crypto) -> None:
        self._crypto = crypto
        self.dh = 0

    def __getattr__(self, name: str):
        return getattr(self._crypto, name)

    def SymmetricState(self, *arguments):  # noqa: N802
        outer = self

        class State(_wireguard.SymmetricState):
            def mix_dh(self, private_key, public_key):
                outer.dh += 1
                return super().mix_dh(private_key, public_key)

        return State(*arguments)


def junk(public_key: bytes, kind: int = INITIATION, number: int = 5, mac1: bool = True) -> bytes:
    """A message that only its mac1 makes worth a look."""
    if kind == INITIATION:
        body = messages.pack_initiation(number, bytes(32), bytes(48), bytes(28))
    else:
        body = messages.pack_response(1, number, bytes([9]) + bytes(31), bytes(16))
    key = _wireguard.blake2s(b"mac1----" + public_key)
    return body + (_wireguard.blake2s(body, key, 16) if mac1 else bytes(16)) + bytes(16)


def count_dh(world: World, node) -> Counting:
    counting = Counting(world.crypto)
    node.tunnel.handshakes.crypto = counting
    return counting


def test_a_bad_mac1_costs_no_x25519_and_gets_no_answer() -> None:
    world, a, b = connected()
    cost, before = count_dh(world, b), len(world.wire)
    for number in range(500):
        b.receive(junk(b.key.public_key(), number=number, mac1=False), EVIL)
        b.receive(junk(b.key.public_key(), RESPONSE, number, mac1=False), EVIL)
    assert cost.dh == 0
    assert len(world.wire) == before
    assert b.path.counters()["drop_mac1"] == 1000
    assert not b.tunnel.handshakes.guard.is_loaded(b.clock_ms)


def test_a_response_to_nobody_costs_no_x25519() -> None:
    world, a, b = connected()
    cost = count_dh(world, b)
    for number in range(100):
        b.receive(junk(b.key.public_key(), RESPONSE, number), EVIL)
    assert cost.dh == 0
    assert b.tunnel.counters["response_unknown_index"] == 100


def test_a_flood_with_good_mac1_costs_four_x25519_a_second() -> None:
    world, _a, b = connected()
    cost, before = count_dh(world, b), len(world.wire)
    for number in range(10 * 200):
        b.receive(junk(b.key.public_key(), number=number), EVIL)
        world.run(5)
    # One X25519 tells that a message without any key is forged.
    assert cost.dh <= 8 + 4 * 10
    replies = [d for _at, n, d in world.wire[before:] if n == 2 and d[0] != DATA]
    assert {d[0] for d in replies} == {COOKIE_REPLY}
    assert len(replies) == b.tunnel.counters["cookie_sent"] >= 1900


def flood(world: World, target, ms: int, until=lambda: False) -> None:
    """200 good mac1 a second for a while."""
    for number in range(ms // 5):
        if until():
            return
        target.receive(junk(target.key.public_key(), number=number), EVIL)
        world.run(5)


def test_initiator_gets_in_by_a_cookie_while_the_flood_goes_on() -> None:
    world, a, b = pair()
    flood(world, b, SECOND_MS)
    packet = a.send(b)
    flood(world, b, 100)
    assert a.tunnel.counters["cookie_taken"] == 1
    assert a.peer.state == peer.CONNECTING
    flood(world, b, 6 * SECOND_MS)
    assert b.delivered == [packet]
    initiations = [d for _at, n, d in world.wire if n == 1 and d[0] == INITIATION]
    assert [d[-16:] == bytes(16) for d in initiations] == [True, False], "mac2 in the second"


def test_initiator_under_load_takes_the_response_with_mac2() -> None:
    """The flooded end is the one that begins: it asks its peer for mac2 in the response."""
    world, a, b = pair()
    flood(world, a, SECOND_MS)
    packet = a.send(b)
    flood(world, a, 6 * SECOND_MS)
    assert b.delivered == [packet]
    assert b.tunnel.counters["cookie_taken"] == 1
    responses = [d for _at, n, d in world.wire if n == 2 and d[0] == RESPONSE]
    assert responses[-1][-16:] != bytes(16)


def test_rekey_under_a_flood_loses_nothing() -> None:
    world, a, b = connected()
    start_ms = world.now_ms
    while world.now_ms < start_ms + 140 * SECOND_MS:
        a.send(b)
        b.send(a)
        flood(world, b, 500)
        flood(world, a, 500)
    assert a.tunnel.counters["response_taken"] >= 2
    assert len(a.delivered) + len(b.delivered) == len(world.sent)


def test_load_needs_no_cookie_once_it_is_over() -> None:
    world, a, b = pair()
    flood(world, b, SECOND_MS)
    world.run(1001)
    packet = a.send(b)
    world.run(100)
    assert b.delivered == [packet]
    assert a.tunnel.counters["cookie_taken"] == 0


def test_a_source_that_answers_cookies_is_limited() -> None:
    world, _a, b = connected()
    guard = b.tunnel.handshakes.guard
    evil_jar_key = _wireguard.blake2s(b"cookie--" + b.key.public_key())
    flood(world, b, SECOND_MS)
    message = junk(b.key.public_key())
    b.receive(message, EVIL)
    reply = [d for _at, n, d in world.wire if n == 2 and d[0] == COOKIE_REPLY][-1]
    _index, nonce, sealed = messages.parse_cookie_reply(reply)
    cookie = _wireguard.xaead_open(evil_jar_key, nonce, sealed, message[-32:-16])
    with_mac2 = message[:-16] + _wireguard.blake2s(message[:-16], cookie, 16)
    cost = count_dh(world, b)
    for _ in range(10 * 200):
        b.receive(with_mac2, EVIL)
        world.run(5)
    assert guard.is_loaded(b.clock_ms)
    assert cost.dh <= 5 + 20 * 10 + 1, "the kernel's 20 a second, 5 at once"
    assert b.tunnel.counters["handshake_limited"] >= 1700


@pytest.mark.parametrize("kind", [INITIATION, RESPONSE])
def test_a_cookie_reply_is_smaller_than_what_asked_for_it(kind: int) -> None:
    assert messages.COOKIE_REPLY_BYTES < len(junk(bytes(32), kind))


def test_a_flood_leaves_nothing_behind() -> None:
    world, _a, b = connected()
    flood(world, b, 2 * SECOND_MS)
    for number in range(2000):
        source = (number.to_bytes(4, "big"), 1 + number)
        b.receive(junk(b.key.public_key(), number=number), source)
    assert len(b.tunnel.handshakes.guard.sources.buckets) <= 32
    assert list(b.tunnel.peers) == [b.peer.public_key]
    assert len(b.tunnel.outbox) == 0
