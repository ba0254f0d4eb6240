# SPDX-License-Identifier: MIT
"""What only shows on the board's own wire: strangers at other addresses, fragments cut anywhere,
IP options, and that nothing leaves the board but WireGuard to those who are entitled to it."""

from __future__ import annotations

import itertools
import os
import struct
import time
from collections.abc import Iterator

import pytest

from tests.hostile import cases_data, cases_handshake, cases_load
from tests.hostile.cases import Case, World
from tests.hostile.endpoint import COOKIE, HANDSHAKE_TRIES, RESPONSE
from tests.hostile.packets import Echo, checksum
from tests.hostile.targets import Board
from tests.hostile.wire import GATEWAY, GUEST, IPV4, Wire

AGAIN = (
    cases_data.endpoint_hijack_by_replay,
    cases_data.endpoint_follows_the_client,
    cases_data.replayed_keepalive,
    cases_data.inner_destination,
    cases_handshake.replayed_initiation,
    cases_handshake.replayed_response,
    cases_load.flood_bad_mac1_many_sources,
    cases_load.flood_good_mac1_many_sources,
)
FRAGMENTS_MOST = 10  # lwIP's IP_REASS_MAX_PBUFS
INCOMPLETE = 300
COMPUTATIONS_MOST = 20  # 8 at once, 4 a second (LOAD_BURST, LOAD_INTERVAL_MS), and a margin


@pytest.fixture
def world(wired: Board) -> Iterator[World]:
    made = wired.world()
    yield made
    made.close()


@pytest.fixture
def wire(wired: Board) -> Wire:
    assert wired.wire is not None
    return wired.wire


@pytest.mark.parametrize("case", AGAIN, ids=lambda case: case.__name__)
def test_case_with_strangers_at_other_addresses(world: World, case: Case) -> None:
    case(world)


@pytest.mark.parametrize("size_bytes", [24, 200, 1300])
def test_chained_pieces_of_any_size(world: World, wire: Wire, size_bytes: int) -> None:
    """A data message in fragments is opened whole, wherever it is cut, in any order, once."""
    client, session = world.connected()
    source, target = client.sock.getsockname(), world.target.outer
    tiny = tuple(range(8, 8 * FRAGMENTS_MOST, 8))
    for cuts in ((8,), (16,), (24,), (32,), (8, 16, 24, 32), tiny):
        count = len(cuts) + 1
        turned = tuple(reversed(range(count)))
        for order in (None, turned, (*range(count), 0)):
            echo = world.echo(client, size_bytes)
            sealed = session.seal(echo.packet)
            wire.send_udp(source, target, sealed, cuts=cuts, order=order)
            assert world.count(client, session, echo) == 1, (cuts, order)


def test_handshake_in_fragments(world: World, wire: Wire) -> None:
    client = world.client()
    for cuts in ((8,), (16, 24), (40, 80, 120)):
        session = None
        for _ in range(HANDSHAKE_TRIES):
            client.pause()
            sent = client.initiation(cookie=client.cookie)
            wire.send_udp(client.sock.getsockname(), world.target.outer, sent.message, cuts=cuts)
            answer = client.receive(1.0) or b""
            client.cookie = client.read_cookie(answer, sent.message) or client.cookie
            session = client.finish(sent, answer) if answer[:1] == bytes([RESPONSE]) else None
            if session is not None:
                break
        assert session is not None, cuts
        world.check_alive(client, session)


def test_fragments_that_never_end(world: World, wire: Wire) -> None:
    """All that lwIP may keep of unfinished datagrams is in use; whole ones still pass."""
    client, session = world.connected()
    for _ in range(INCOMPLETE):
        wire.send_udp(
            ("198.51.100.9", 9), world.target.outer, os.urandom(1400), cuts=(8,), order=(0,)
        )
    for _ in range(10):
        world.check_alive(client, session)


def test_a_flood_costs_few_computations(wired: Board, world: World) -> None:
    """Under load a message without a cookie is answered by one and read no further (paper §5.3):
    of thousands only the first few, and those that slip in between, cost a Diffie-Hellman."""
    before = wired.counters()
    sockets = [world.stranger() for _ in range(cases_load.SOURCES)]
    with cases_load.Flood(world, sockets, cases_load.junk(world, mac1=True)):
        time.sleep(cases_load.FLOOD_S)  # the flood has to last
    after = wired.counters()
    more = {name: after[name] - before[name] for name in ("initiation_forged", "cookie_sent")}
    print(more)
    assert more["initiation_forged"] <= COMPUTATIONS_MOST
    assert more["cookie_sent"] > 10 * COMPUTATIONS_MOST
    for sock in sockets:
        assert all(datagram[0] == COOKIE for datagram in world.heard(sock))


def test_outer_ip_options_do_not_matter(world: World, wire: Wire) -> None:
    client, session = world.connected()
    for options in (b"\x01\x01\x01\x00", b"\x94\x04\x00\x00", b"\x01" * 40):
        echo = world.echo(client)
        sealed = session.seal(echo.packet)
        source = client.sock.getsockname()
        wire.send_udp(source, world.target.outer, sealed, options=options)
        assert world.count(client, session, echo) == 1, options


def test_wrong_outer_checksum_is_no_datagram(world: World, wire: Wire) -> None:
    """Corrupted on the way: the IP stack drops it, and if not, the tag would."""
    client, session = world.connected()
    echo = world.echo(client)
    sealed = session.seal(echo.packet)
    body = struct.pack("!HHHH", client.sock.getsockname()[1], world.target.port, 8 + len(sealed), 1)
    body += sealed
    wire._send_ip(GATEWAY, GUEST, body, 0, b"")
    assert world.count(client, session, echo) == 0
    client.send(sealed)
    assert world.count(client, session, echo) == 1


def other_datagrams(wire: Wire, world: World) -> dict[tuple[str, int], list[bytes]]:
    """What the board sent to anybody but our two clients."""
    ours = {sock.getsockname() for sock in world.sockets}
    found = {}
    for address, waiting in list(wire.received.items()):
        if address not in ours and not waiting.empty():
            found[address] = [waiting.get_nowait() for _ in range(waiting.qsize())]
    return found


def test_nothing_leaves_for_anybody_else(world: World, wire: Wire) -> None:
    """Inner packets to the underlay, to its broadcast, and from it: the wire stays silent, and the
    board's own underlay address answers through the tunnel only, as Linux's would."""
    client, session = world.connected()
    other_datagrams(wire, world)
    mine = client.identity.address
    for to in (GATEWAY, "10.0.2.255", "198.51.100.1", "10.0.2.77"):
        assert world.answers(client, session, Echo(mine, to)) == 0
    for source in (GATEWAY, GUEST, "198.51.100.1"):
        assert world.answers(client, session, Echo(source, world.target.address)) == 0
    assert not other_datagrams(wire, world)


def test_strange_outer_sources(world: World, wire: Wire) -> None:
    """True messages from addresses that nobody can have make no answer to a group or to itself."""
    client, session = world.connected()
    other_datagrams(wire, world)
    sources = ("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", GUEST)
    for source, port in itertools.product(sources, (0, 53)):
        client.pause()
        message = client.initiation(cookie=client.cookie).message
        wire.send_udp((source, port), world.target.outer, message)
        wire.send_udp((source, port), world.target.outer, session.seal())
    fresh = client.handshake()
    world.check_alive(client, fresh)
    strange = other_datagrams(wire, world)
    assert not any(address[0] in ("255.255.255.255", "224.0.0.1") for address in strange), strange


def test_ipv4_header_lies(world: World, wire: Wire) -> None:
    """Outer headers that claim other lengths than the frame has."""
    client, session = world.connected()
    sealed = session.seal(world.echo(client).packet)
    for claimed in (0, 20, 28, 60, 0xFFFF):
        head = bytearray(28)
        struct.pack_into("!BBHHHBBH", head, 0, 0x45, 0, claimed, 1, 0, 64, 17, 0)
        head[12:20] = bytes([10, 0, 2, 2, 10, 0, 2, 15])
        struct.pack_into("!H", head, 10, checksum(bytes(head[:20])))
        struct.pack_into("!HHH", head, 20, 40001, world.target.port, 8 + len(sealed))
        wire.send_frame(IPV4, bytes(head) + sealed)
    for length in (0, 7, 8, 0xFFFF):
        body = struct.pack("!HHHH", 40001, world.target.port, length, 0) + sealed
        wire._send_ip(GATEWAY, GUEST, body, 0, b"")
    world.check_alive(client, session)
