# SPDX-License-Identifier: MIT
"""Two tunnels in virtual time: every rule of the paper's §6 that a packet capture would show."""

from __future__ import annotations

import pytest

import _wireguard
from tests.unit.tunnel_world import Faults, World, connected, pair
from wireguard.core import constants, messages, peer
from wireguard.core.tunnel import Tunnel

SECOND_MS = 1000
INITIATION, RESPONSE, DATA = 1, 2, 4
EVIL = (bytes([203, 0, 113, 66]), 666)


def keepalives(world: World, since_ms: int) -> list[int]:
    """Senders of empty packets."""
    return [n for at, n, d in world.wire if at >= since_ms and d[0] == DATA and len(d) == 32]


def initiations(world: World, since_ms: int = 0) -> list[int]:
    """When they were sent."""
    return [at for at, _n, d in world.wire if at >= since_ms and d[0] == INITIATION]


# --- handshake ---------------------------------------------------------------------------------


@pytest.mark.parametrize("psk", [None, bytes(range(32))])
def test_first_packet_makes_the_session(psk: bytes | None) -> None:
    world = World()
    a, b = world.nodes
    a.add_peer(b, psk=psk)
    b.add_peer(a, endpoint=False, psk=psk)
    there = [a.send(b) for _ in range(3)]
    world.run(100)
    assert b.delivered == there
    assert world.types() == [(1, INITIATION), (2, RESPONSE)] + [(1, DATA)] * 3
    back = b.send(a)
    world.run(100)
    assert a.delivered == [back]
    assert a.peer.state == b.peer.state == peer.UP
    assert a.peer.failure is b.peer.failure is None


def test_connect_confirms_by_a_keepalive() -> None:
    world, a, b = pair()
    a.connect()
    world.run(100)
    assert world.types() == [(1, INITIATION), (2, RESPONSE), (1, DATA)]
    assert b.peer.state == peer.UP
    assert b.peer.last_handshake_ms is not None


def test_wrong_psk_ends_in_no_reply() -> None:
    world = World()
    a, b = world.nodes
    a.add_peer(b, psk=bytes(32))
    b.add_peer(a, psk=b"\1" + bytes(31))
    a.send(b)
    world.run(100)
    assert a.tunnel.counters["response_forged"] == 1
    assert a.peer.state == peer.CONNECTING
    assert a.delivered == b.delivered == []


def test_responder_does_not_send_before_it_is_confirmed() -> None:
    world, a, b = pair()
    a.connect()
    world.run(7)  # the initiation has arrived, the response is on its way
    b.send(a)
    assert [t for n, t in world.types() if n == 2] == [RESPONSE]
    world.run(100)
    assert len(a.delivered) == 1, "staged, and sent when confirmed"
    assert len(initiations(world)) == 1, "no handshake of its own within 5 s of the response"


def test_strangers_and_forgers_get_no_answer() -> None:
    world = World(nodes=3)
    a, b, c = world.nodes
    a.add_peer(b)
    c.add_peer(b)
    b.add_peer(c)
    a.send(b)
    world.run(50)
    assert b.tunnel.counters["initiation_unknown_peer"] == 1
    assert not [t for n, t in world.types() if n == 2]


def test_flipping_any_byte_of_a_handshake_makes_no_session() -> None:
    for kind, size in ((INITIATION, 148), (RESPONSE, 92)):
        for position in range(0, size, 7):
            world, a, b = pair()
            a.connect()
            target = b if kind == INITIATION else a
            if kind == RESPONSE:
                world.run(7)
            good = [d for _at, _n, d in world.wire if d[0] == kind][0]
            bad = bytearray(good)
            bad[position] ^= 0x10
            source = (a if target is b else b).address
            before = len(world.wire)
            target.receive(bytes(bad), source)
            # The type byte can only turn into something else; mac2 (the last 16) is unused yet.
            if position < size - 16:
                assert len(world.wire) == before
                assert target.peer.last_handshake_ms is None


def test_forged_response_does_not_disturb_the_true_one() -> None:
    world, a, b = pair()
    packet = a.send(b)
    world.run(7)
    good = [d for _at, _n, d in world.wire if d[0] == RESPONSE][0]
    forged = good[:12] + bytes(31) + b"\x07" + good[44:60]
    jar_key = _wireguard.blake2s(b"mac1----" + a.key.public_key())
    forged += _wireguard.blake2s(forged, jar_key, 16) + bytes(16)
    a.receive(forged, EVIL)
    assert a.tunnel.counters["response_forged"] == 1
    assert a.path.endpoint(a.peer.id) == b.address
    world.run(100)
    assert b.delivered == [packet]


def test_a_response_counts_once() -> None:
    world, a, b = connected()
    response = [d for _at, _n, d in world.wire if d[0] == RESPONSE][0]
    a.receive(response, EVIL)
    assert a.tunnel.counters["response_unknown_index"] == 1
    assert a.path.endpoint(a.peer.id) == b.address


def test_initiation_is_not_taken_twice() -> None:
    world, a, b = connected()
    initiation = [d for _at, _n, d in world.wire if d[0] == INITIATION][0]
    world.run(1000)
    before = len(world.wire)
    b.receive(initiation, EVIL)
    assert b.tunnel.counters["initiation_replayed"] == 1
    assert len(world.wire) == before
    assert b.path.endpoint(b.peer.id) == a.address


def test_at_most_one_initiation_in_20_ms_from_a_peer() -> None:
    world, a, b = pair()
    taken = []
    for wait_ms in (0, 19, 1, 19, 20, 21):
        world.run(wait_ms)
        a.tunnel.handshakes.initiate(a.peer, a.clock_ms)
        datagram = a.tunnel.outbox.pop()[0]
        before = b.tunnel.counters["initiation_taken"]
        b.receive(datagram, a.address)
        taken.append(b.tunnel.counters["initiation_taken"] > before)
    assert taken == [True, False, True, False, True, True]
    assert b.tunnel.counters["initiation_too_soon"] == 2


def test_an_initiation_that_came_too_soon_is_not_good_for_later() -> None:
    world, a, b = connected()
    for _ in range(2):
        a.tunnel.handshakes.initiate(a.peer, a.clock_ms)
        datagram = a.tunnel.outbox.pop()[0]
        b.receive(datagram, a.address)
    assert b.tunnel.counters["initiation_too_soon"] == 1
    world.run(1000)
    b.receive(datagram, EVIL)
    assert b.tunnel.counters["initiation_replayed"] == 1
    assert b.path.endpoint(b.peer.id) == a.address


@pytest.mark.parametrize("seed", range(8))
def test_crossing_initiations_need_no_second_round(seed: int) -> None:
    world, a, b = pair(seed)
    there, back = a.send(b), b.send(a)
    world.run(100)
    assert b.delivered == [there]
    assert a.delivered == [back]
    assert len(initiations(world)) == 2


def test_crossing_with_a_peer_that_drops_its_own_one_as_the_kernel_does() -> None:
    for seed in range(8):
        world, a, b = pair(seed)
        packet = a.send(b)
        b.send(a)
        world.run(5)
        b.peer.wipe_handshake()
        world.run(7 * SECOND_MS)
        assert packet in b.delivered


def test_indices_are_unlike() -> None:
    class Repeats:
        """A random source that says everything three times."""

        def __init__(self) -> None:
            self.calls = 0

        def __getattr__(self, name: str):
            return getattr(_wireguard, name)

        def random(self, count: int) -> bytes:
            self.calls += 1
            return (self.calls // 3).to_bytes(count, "little")

    world = World(nodes=3)
    a = world.nodes[0]
    a.tunnel = Tunnel(Repeats(), a.path, a.key, lambda: b"\1" * 12, lambda: 0)
    indices = []
    for other in world.nodes[1:]:
        p = a.add_peer(other)
        a.tunnel.connect(p, 1)
        indices.append(p.local_index)
    assert len(set(indices)) == 2
    a.drain()
    responder = world.nodes[1]
    responder.add_peer(a)
    world.run(100)
    assert a.path.has_index(indices[0])
    assert a.tunnel.handshakes.new_index() not in indices


# --- timers ------------------------------------------------------------------------------------


def test_gives_up_after_90_s_and_keeps_the_reason() -> None:
    world, a, b = pair()
    world.faults = Faults(is_cut=True)
    start_ms = world.now_ms
    lost = a.send(b)
    world.run(300 * SECOND_MS)
    tries = initiations(world)
    assert 17 <= len(tries) <= 18
    assert tries[-1] < start_ms + 90 * SECOND_MS
    gaps = {y - x for x, y in zip(tries[:-1], tries[1:], strict=True)}
    assert min(gaps) >= 5000 and max(gaps) <= 5333 and len(gaps) > 5, "jittered"
    assert (a.peer.state, a.peer.failure) == (peer.FAILED, peer.NO_REPLY)
    assert a.tunnel.counters["staged_dropped"] == 1

    world.faults = Faults()
    packet = a.send(b)
    world.run(100)
    assert b.delivered == [packet] and lost not in b.delivered
    assert (a.peer.state, a.peer.failure) == (peer.UP, None)


def test_no_endpoint_is_said_at_once() -> None:
    world = World()
    a, b = world.nodes
    a.add_peer(b, endpoint=False)
    a.send(b)
    assert (a.peer.state, a.peer.failure) == (peer.FAILED, peer.NO_ENDPOINT)
    assert a.tunnel.next_deadline() is None


def test_mark_that_cannot_be_stored_is_a_reason_and_is_tried_again() -> None:
    world, a, b = pair()
    stored, a._store = a._store, lambda mark: (_ for _ in ()).throw(OSError(28))
    a.start()
    packet = a.send(b)
    assert a.peer.failure == peer.NO_MARK
    assert world.types() == []
    a.timestamps.store = stored
    world.run(6 * SECOND_MS)
    assert b.delivered == [packet]


def test_staged_packets_are_bounded_and_the_oldest_goes() -> None:
    world, a, b = pair()
    world.faults = Faults(is_cut=True)
    packets = [a.send(b) for _ in range(constants.STAGED_PACKETS + 3)]
    world.faults = Faults()
    world.run(6 * SECOND_MS)
    assert b.delivered == packets[3:]
    assert a.tunnel.counters["staged_dropped"] == 3


def test_passive_keepalive_after_10_s_and_then_silence() -> None:
    world, _a, _b = connected()
    arrived_ms = world.now_ms - 85
    world.run(60 * SECOND_MS)
    at = [t for t, n, d in world.wire if n == 2 and d[0] == DATA]
    assert at == [arrived_ms + 10 * SECOND_MS]
    assert keepalives(world, 0) == [2], "and a keepalive is not answered"


def test_no_passive_keepalive_when_data_goes_back() -> None:
    world, a, b = connected()
    for _ in range(30):
        b.send(a)
        world.run(SECOND_MS)
        a.send(b)
        world.run(SECOND_MS)
    assert keepalives(world, 0) == []


def test_new_handshake_when_nothing_is_heard_for_15_s() -> None:
    world, a, b = connected()
    world.run(20 * SECOND_MS)
    b.start()  # it has forgotten everything
    sent_ms = world.now_ms
    a.send(b)
    world.run(16 * SECOND_MS)
    (again_ms,) = initiations(world, sent_ms)
    assert sent_ms + 15_000 <= again_ms <= sent_ms + 15_333
    packet = a.send(b)
    world.run(100)
    assert b.delivered[-1] == packet


def test_silence_before_a_handshake_is_forgotten_after_it() -> None:
    world, a, b = connected()
    world.run(20 * SECOND_MS)
    b.start()
    a.send(b)
    world.run(16 * SECOND_MS)
    made_ms = world.now_ms
    world.run(100 * SECOND_MS)
    assert initiations(world, made_ms) == []


def test_initiator_rekeys_after_120_s_on_sending() -> None:
    world, a, b = connected()
    start_ms = world.now_ms
    while world.now_ms < start_ms + 250 * SECOND_MS:
        a.send(b)
        b.send(a)
        world.run(500)
    times = [at - start_ms for at in initiations(world, start_ms)]
    assert len(times) == 2
    assert 119_500 <= times[0] <= 121_000
    assert {n for n, t in world.types() if t == INITIATION} == {1}, "the initiator only"
    sent = len(world.sent)
    assert len(a.delivered) + len(b.delivered) == sent, "nothing is lost at rekey"


def test_initiator_rekeys_after_165_s_on_receiving() -> None:
    world, a, b = connected()
    start_ms = world.now_ms
    world.run(119 * SECOND_MS)
    a.send(b)  # the last that it sends by itself: keepalives alone would not be older than 120 s
    b_sends_ms = start_ms + 164 * SECOND_MS
    world.run(b_sends_ms - world.now_ms)
    before = len(initiations(world))
    b.send(a)
    world.run(500)
    assert len(initiations(world)) == before
    world.run(1500)
    b.send(a)
    world.run(100)
    assert len(initiations(world)) == before + 1


def test_no_data_on_keys_older_than_180_s() -> None:
    world, a, b = connected()
    world.run(180 * SECOND_MS)
    start_ms = world.now_ms
    packet = b.send(a)  # the responder does not rekey by age
    assert world.types(start_ms) == [(2, INITIATION)]
    world.run(100)
    assert a.delivered == [packet]


def test_old_data_is_refused_after_180_s() -> None:
    world, a, b = connected()
    a.send(b)
    world.faults = Faults(delay_ms=(180_000, 180_000))
    late = a.send(b)
    world.faults = Faults()
    world.run(200 * SECOND_MS)
    assert late not in b.delivered
    assert b.path.counters()["drop_expired"] == 1


def test_all_keys_go_after_540_s() -> None:
    world, a, b = connected()
    index = a.tunnel.peers[b.key.public_key()].cookie_index
    assert a.path.has_index(index)
    made_ms = world.now_ms - 90
    world.run(made_ms + 540_000 - world.now_ms - 1)
    assert a.path.has_index(index)
    world.run(20)
    assert not a.path.has_index(index)
    assert a.peer.state == b.peer.state == peer.IDLE


def test_half_a_handshake_is_wiped_after_540_s() -> None:
    world, a, b = pair()
    world.faults = Faults(is_cut=True)
    a.send(b)
    world.run(100 * SECOND_MS)
    assert a.peer.handshake is not None
    world.run(531 * SECOND_MS)
    assert a.peer.handshake is None
    assert a.tunnel.next_deadline() is None


def test_persistent_keepalive_opens_and_holds_the_tunnel() -> None:
    world, a, b = pair(keepalive_s=25)
    world.run(50)
    assert b.peer.state == peer.UP
    made_ms = world.now_ms
    world.run(100 * SECOND_MS)
    assert keepalives(world, made_ms) == [1] * 3 or keepalives(world, made_ms) == [1] * 4
    world.run(3600 * SECOND_MS)
    assert a.peer.state == peer.UP
    rekeys = initiations(world, made_ms)
    assert 3600 / 165 <= len(rekeys) <= 3700 / 120


def test_persistent_keepalive_goes_on_after_giving_up() -> None:
    world, a, b = pair(keepalive_s=25)
    world.faults = Faults(is_cut=True)
    world.run(600 * SECOND_MS)
    assert a.tunnel.counters["handshake_given_up"] >= 4
    world.faults = Faults()
    world.run(26 * SECOND_MS)
    assert a.peer.state == b.peer.state == peer.UP


def test_idle_tunnel_comes_to_rest() -> None:
    world, a, b = connected()
    world.run(600 * SECOND_MS)
    assert a.tunnel.next_deadline() is b.tunnel.next_deadline() is None
    assert a.deadlines <= 8 and b.deadlines <= 8
    packet = a.send(b)
    world.run(100)
    assert b.delivered[-1] == packet


def test_busy_tunnel_wakes_rarely() -> None:
    world, a, b = connected()
    before = a.deadlines
    for _ in range(600):
        a.send(b)
        b.send(a)
        world.run(100)
    assert a.deadlines - before <= 7, "once in 10 s, not for each packet"
    assert len(b.delivered) == 601


# --- roaming, cookies, peers -------------------------------------------------------------------


def test_roaming_follows_authentic_packets_only() -> None:
    world, a, b = connected()
    a.address = (bytes([198, 51, 100, 7]), 40000)
    a.send(b)
    world.run(50)
    assert b.path.endpoint(b.peer.id) == a.address
    back = b.send(a)
    world.run(50)
    assert a.delivered == [back]
    for datagram, _source in list(b.seen):
        b.receive(datagram, EVIL)
        b.receive(datagram[:-1] + bytes([datagram[-1] ^ 1]), EVIL)
    assert b.path.endpoint(b.peer.id) == a.address


def test_roaming_by_initiation() -> None:
    world, a, b = connected()
    a.address = (bytes(15) + b"\1", 40000)
    a.start()
    packet = a.send(b)
    world.run(50)
    assert b.path.endpoint(b.peer.id) == a.address
    assert b.delivered[-1] == packet


def cookie_reply(b, message: bytes, index: int, cookie: bytes = b"c" * 16) -> bytes:
    key = _wireguard.blake2s(b"cookie--" + b.key.public_key())
    nonce = bytes(24)
    sealed = _wireguard.xaead_seal(key, nonce, cookie, message[-32:-16])
    return messages.pack_cookie_reply(index, nonce, sealed)


def test_a_cookie_is_used_by_the_next_retry_and_not_at_once() -> None:
    world, a, b = pair()
    world.faults = Faults(is_cut=True)
    a.send(b)
    first = world.wire[-1][2]
    a.receive(cookie_reply(b, first, a.peer.local_index), b.address)
    assert a.tunnel.counters["cookie_taken"] == 1
    assert len(world.wire) == 1
    world.run(6 * SECOND_MS)
    second = world.wire[-1][2]
    assert first[-16:] == bytes(16)
    assert second[-16:] == _wireguard.blake2s(second[:-16], b"c" * 16, 16)
    world.run(90 * SECOND_MS)
    assert a.peer.failure == peer.UNDER_LOAD


def test_cookies_for_somebody_else_are_counted() -> None:
    world, a, b = pair()
    world.faults = Faults(is_cut=True)
    a.send(b)
    message, index = world.wire[-1][2], a.peer.local_index
    a.receive(cookie_reply(b, message, index ^ 1), b.address)
    a.receive(cookie_reply(b, message[::-1], index), b.address)
    assert a.tunnel.counters["cookie_unknown_index"] == 1
    assert a.tunnel.counters["cookie_forged"] == 1


def test_a_cookie_may_answer_a_response_too() -> None:
    world, a, b = pair()
    b.connect()
    world.run(5)
    response = world.wire[-1][2]
    index = int.from_bytes(response[4:8], "little")
    a.receive(cookie_reply(b, response, index), b.address)
    assert a.tunnel.counters["cookie_taken"] == 1


def test_three_peers_and_routing() -> None:
    world = World(nodes=4)
    hub, *others = world.nodes
    for other in others:
        hub.add_peer(other)
        other.add_peer(hub)
    there = [hub.send(other) for other in others]
    world.run(100)
    assert [other.delivered for other in others] == [[packet] for packet in there]
    stranger = world.packet(hub.inner, bytes([192, 168, 1, 1]), 64)
    hub.tunnel.send(stranger, hub.clock_ms)
    assert hub.path.counters()["drop_no_route"] == 1
    spoofed = world.packet(others[1].inner, hub.inner, 64)
    others[0].tunnel.send(spoofed, others[0].clock_ms)
    others[0].drain()
    world.run(100)
    assert hub.delivered == []
    assert hub.path.counters()["drop_source"] == 1


def test_removing_a_peer_forgets_it() -> None:
    world, a, b = connected()
    gone = a.peer
    a.tunnel.remove_peer(gone)
    assert a.tunnel.peers == {} and a.tunnel.next_deadline() is None
    assert a.path.lookup(b.inner) == -1
    b.send(a)
    world.run(20 * SECOND_MS)
    assert a.tunnel.counters["initiation_unknown_peer"] == 1
    a.add_peer(b)
    packet = a.send(b)
    world.run(100)
    assert b.delivered[-1] == packet
    a.tunnel.close()
    assert a.tunnel.peers == {}


def test_mistakes_of_the_caller_raise_and_change_nothing() -> None:
    world, a, b = pair()
    for key in (bytes(31), a.key.public_key(), b.key.public_key()):
        with pytest.raises(ValueError):
            a.tunnel.add_peer(key)
    other = _wireguard.PrivateKey.generate().public_key()
    with pytest.raises(ValueError):
        a.tunnel.add_peer(other, allowed_ips=[(bytes(4), 33)])
    with pytest.raises(ValueError):
        a.tunnel.add_peer(other, endpoint=(bytes(4), 0))
    assert list(a.tunnel.peers) == [b.key.public_key()]
    for _ in range(100):
        a.tunnel.add_peer(_wireguard.PrivateKey.generate().public_key())
    packet = a.send(b)
    world.run(100)
    assert b.delivered == [packet]


def test_reboot_without_a_clock_is_not_a_replay() -> None:
    world, a, b = connected()
    for _ in range(5):
        world.run(SECOND_MS)
        a.start()
        packet = a.send(b)
        world.run(100)
        assert b.delivered[-1] == packet
    assert b.tunnel.counters["initiation_replayed"] == 0


@pytest.mark.parametrize("wakes_first", [True, False])
def test_two_hours_of_sleep_catch_up(wakes_first: bool) -> None:
    world, a, b = connected()
    world.now_ms += 7_200_000  # nobody was called: the device slept
    if wakes_first:
        a.wake()
    packet = a.send(b)
    a.wake()
    b.wake()
    world.run(100)
    assert b.delivered[-1] == packet
