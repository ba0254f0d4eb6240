# SPDX-License-Identifier: MIT
"""The lwIP interface of the emulated board, seen from its wire: many peers, AllowedIPs, MTU and
MSS, ICMP errors, DSCP and ECN, what waits for a session, what is counted."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator

import pytest
from demo.lwip_memory import symbols

from tests.hil.netif_kit import (
    BOARD4,
    BOARD6,
    INSIDE_WIDE,
    PEERS,
    UNROUTED,
    UNROUTED6,
    NetBoard,
    inside6,
    net_board,
)
from tests.hostile.endpoint import (
    COOKIE,
    DATA,
    INITIATION,
    INITIATION_BYTES,
    RESPONSE,
    RESPONSE_BYTES,
    Endpoint,
    Received,
    Session,
    with_macs,
)
from tests.hostile.packets import ECHO_REPLY, ECHO_REQUEST, checksum, icmp, ipv4, ipv6, udp

EHOSTUNREACH = 113
HANDSHAKE_TOS = 0x88  # DSCP AF41
STAGED_MAX = 8
INBOX_MAX = 4
UNDERLAY_MTU, MTU = 1500, 1420
SMALL_MTU = 1340  # leaves 1280 over IPv4
KIB = 1024
PEER_HEAP_MAX_BYTES = 1600
WAIT_S = 2.0
ANSWER_S = 30.0
CE, ECT_0, ECT_1, NOT_ECT = 3, 2, 1, 0


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetBoard]:
    with net_board(tmp_path_factory.mktemp("netif")) as made:
        yield made


@pytest.fixture
def peer(board: NetBoard) -> tuple[Endpoint, Session]:
    return board.connected(0)


def echo_reply(client: Endpoint, session: Session, request: bytes) -> bytes:
    """The board's answer to one echo request, sent again when a busy host loses it."""
    for _ in range(5):
        client.send(session.seal(request))
        deadline = time.monotonic() + 0.5
        while (left := deadline - time.monotonic()) > 0:
            opened = client.receive_packet(left)
            if opened and opened[1][9] == 1 and opened[1][20] == ECHO_REPLY:
                return opened[1]
    raise AssertionError("no echo reply")


def inner_udp(client: Endpoint, wait_s: float = WAIT_S) -> list[bytes]:
    """Inner packets that come until nothing has come for a while."""
    found = []
    while (opened := client.receive_packet(wait_s)) is not None:
        found.append(opened[1])
        wait_s = 0.3
    return found


# --- size ---


def test_memory_of_interfaces_and_peers(board: NetBoard) -> None:
    """One interface with one peer takes at most 4 KiB beside buffers, each further peer 1 KiB; what
    Python makes for a peer comes on top of that."""
    size = board.ask("sizes()")
    print(size)
    assert size["replay_bits"] == 1024
    slots = 2 * 33 + 97  # a preshared and an ephemeral key, a handshake's state
    peer_bytes = size["peer"] + size["prefix"] + slots
    assert peer_bytes <= KIB
    assert size["interface"] + peer_bytes + 33 <= 4 * KIB
    assert size["session"] == 240 and size["peer"] == 816  # wg_replay.h has them in a table
    grown = board.ask("peer_heap()")
    print(f"{grown} bytes of Python's heap, {size['peer'] + size['prefix']} of them C's")
    assert size["peer"] < grown <= PEER_HEAP_MAX_BYTES


# --- several peers ---


def answer_initiation(client: Endpoint) -> tuple[Session, bytes]:
    """Respond until the board confirms the session: it, and the packet that did. On a busy host an
    initiation may be old, and its successor under way, before it is answered."""
    deadline = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline:
        opened = client.wait_initiation(ANSWER_S)
        assert opened is not None, "the board has not started a handshake"
        while (newer := client.wait_initiation(0.1)) is not None:
            opened = newer
        response, session = client.respond(opened)
        client.send(response)
        confirmed = client.receive_inner(1)
        if confirmed is not None:
            assert confirmed[0] is session
            return session, confirmed[1]
    raise AssertionError("no session")


def test_sixteen_peers_each_with_a_handshake_of_the_board_s(board: NetBoard) -> None:
    """All begun at once, as after a start: none is left out for want of a slot."""
    clients = [board.client(number) for number in range(PEERS)]
    board.run("tunnel_state", "again()")
    for number, client in enumerate(clients):
        answer_initiation(client)
        assert board.ask(f"send_to({client.identity.address!r})") == 0
        opened = client.receive_packet(WAIT_S)
        assert opened is not None and opened[1][16:20] == bytes([10, 9, 0, number + 1])


def test_longest_prefix_chooses_the_peer(board: NetBoard) -> None:
    ways = {"10.8.1.1": 1, "10.8.255.255": 1, INSIDE_WIDE.split("/")[0]: 2, inside6(3): 3}
    for address, number in ways.items():
        client, _ = board.connected(number)
        assert board.ask(f"send_to({address!r})") == 0
        assert client.receive_packet(WAIT_S), f"{address} did not go to peer {number}"


# --- MTU, MSS, ICMP ---


def test_mtu_follows_the_underlay(board: NetBoard) -> None:
    """1420 of 1500, as wg-quick; never under 1280 while there is an IPv6 address."""
    at = symbols(board.qemu.elf)["netif_list"]
    assert board.ask("mtu()") == MTU
    old = UNDERLAY_MTU
    for underlay, tunnel in ((1492, 1420), (1400, 1340), (1300, 1280), (576, 1280), (1500, MTU)):
        assert board.ask(f"set_underlay_mtu({at}, {old}, {underlay})") == tunnel
        old = underlay


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_mss_fits_the_mtu(board: NetBoard, peer: tuple[Endpoint, Session], family: str) -> None:
    client, _ = peer
    client.drain()
    host = client.identity.address if family == "IPv4" else inside6(0)
    board.ask(f"try_tcp({host!r}, 7, 0.2)")
    head = 20 if family == "IPv4" else 40
    opened = client.receive_packet(WAIT_S)
    assert opened is not None
    segment = opened[1][head:]
    assert segment[13] & 2, "not a SYN"
    assert segment[20:22] == b"\x02\x04"
    assert struct.unpack_from("!H", segment, 22)[0] == MTU - head - 20


def test_long_packets_are_fragmented_inside(
    board: NetBoard, peer: tuple[Endpoint, Session]
) -> None:
    """At their source, so that every outer datagram is whole."""
    client, _ = peer
    client.drain()
    board.wire.seen.clear()
    assert board.ask(f"send_to({client.identity.address!r}, 3000)") == 0
    packets = inner_udp(client)
    assert len(packets) == 3 and max(map(len, packets)) <= MTU + 15
    assert sum(struct.unpack_from("!H", p, 2)[0] - 20 for p in packets) == 3008
    assert max(outer.ip_bytes for outer in board.wire.seen) <= UNDERLAY_MTU


def test_unrouted_packets_are_answered_with_host_unreachable(board: NetBoard) -> None:
    before = board.reasons()
    error, packet = board.ask(f"icmp_about({UNROUTED!r})")
    raw = bytes.fromhex(packet)
    assert error == EHOSTUNREACH
    assert raw[20:22] == b"\x03\x01" and checksum(raw[20:]) == 0 and checksum(raw[:20]) == 0
    assert raw[12:20] == bytes([10, 7, 0, 2]) * 2
    assert raw[28 + 16 : 28 + 20] == bytes([10, 7, 0, 99])
    assert board.ask(f"send_to({UNROUTED6!r})") == EHOSTUNREACH
    assert board.reasons()["drop_no_route"] == before["drop_no_route"] + 2


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_a_smaller_mtu_holds_from_the_next_packet_on(
    board: NetBoard, peer: tuple[Endpoint, Session], family: str
) -> None:
    """lwIP keeps no path MTU of a tunnel's destinations, so nothing is longer than the new one."""
    client, _ = peer
    at = symbols(board.qemu.elf)["netif_list"]
    host = client.identity.address if family == "IPv4" else inside6(0)
    before = board.reasons()["drop_out_long"]
    for underlay, count in ((SMALL_MTU, 2), (UNDERLAY_MTU, 1)):
        old = UNDERLAY_MTU + SMALL_MTU - underlay
        board.ask(f"set_underlay_mtu({at}, {old}, {underlay})")
        client.drain()
        assert board.ask(f"send_to({host!r}, 1300)") == 0
        assert len(inner_udp(client)) == count
    assert board.reasons()["drop_out_long"] == before


# --- DSCP and ECN ---


def test_handshakes_are_marked_af41_and_data_tells_nothing(board: NetBoard) -> None:
    board.wire.seen.clear()
    client, session = board.connected(4)
    request = ipv4(client.identity.address, BOARD4, icmp(ECHO_REQUEST, bytes(8)), tos=0xB8)
    assert echo_reply(client, session, request)[1] == 0xB8
    seen = {(outer.data[0] == DATA, outer.tos) for outer in board.wire.seen}
    assert seen == {(False, HANDSHAKE_TOS), (True, 0)}


@pytest.mark.parametrize("inner", [NOT_ECT, ECT_1, ECT_0, CE])
@pytest.mark.parametrize("outer", [NOT_ECT, ECT_0, CE])
def test_ecn(board: NetBoard, peer: tuple[Endpoint, Session], inner: int, outer: int) -> None:
    """RFC 6040: CE outside comes in where the packet is ECN-capable; outside is as inside."""
    client, session = peer
    client.drain()
    request = ipv4(client.identity.address, BOARD4, icmp(ECHO_REQUEST, bytes(8)), tos=inner)
    board.wire.tos = outer
    try:
        reply = echo_reply(client, session, request)
    finally:
        board.wire.tos = 0
    inside = CE if outer == CE and inner != NOT_ECT else inner
    assert reply[1] == inside and checksum(reply[:20]) == 0
    data = [datagram for datagram in board.wire.seen if datagram.data[:1] == bytes([DATA])]
    assert data[-1].tos == (ECT_0 if inside == CE else inside)


# --- what waits, what is counted ---


def test_the_oldest_waiting_packet_gives_way(board: NetBoard) -> None:
    client, _ = board.connected(5)
    before = board.reasons()
    board.ask("forget_sessions()")
    client.drain()
    board.ask(f"send_growing({client.identity.address!r}, 100, {STAGED_MAX + 4})")
    session, first = answer_initiation(client)
    packets = [first, *inner_udp(client)]
    sizes = [struct.unpack_from("!H", packet, 2)[0] - 28 for packet in packets]
    assert sizes == [100 + number for number in range(4, STAGED_MAX + 4)]
    after = board.reasons()
    assert after["staged_oldest"] - before["staged_oldest"] == 4
    assert session.received == set(range(STAGED_MAX))


Reply = Callable[[Endpoint, Received], bytes]
REPLIES: dict[str, tuple[Reply, int]] = {
    "response": (lambda client, opened: client.respond(opened)[0], RESPONSE),
    "cookie": (lambda client, opened: client.cookie_reply(opened, bytes(16)), COOKIE),
}


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("comes", ["first", "last"])
def test_a_reply_to_us_is_not_crowded_out(board: NetBoard, reply: str, comes: str) -> None:
    """Initiations, and responses to nobody, with the mac1 that anybody can make: more than C keeps
    for Python. The one true reply is there all the same, and the next to be taken."""
    client, number = board.client(7), 7
    make, kind = REPLIES[reply]
    flood = [with_macs(struct.pack("<I", INITIATION) + bytes(112), board.public)] * INBOX_MAX
    flood += [with_macs(struct.pack("<III", RESPONSE, 1, 2) + bytes(48), board.public)] * INBOX_MAX
    with board.script("netif_probe", f"types_waiting({number}, 500)") as script:
        script.wait_ready()
        opened = client.wait_initiation(WAIT_S)
        assert opened is not None
        true = make(client, opened)
        for datagram in [true, *flood] if comes == "first" else [*flood, true]:
            client.send(datagram)
            time.sleep(0.005)
        taken = script.result(30)
    assert taken == [kind] + [INITIATION] * (INBOX_MAX - 1)


def test_transfer_counts_every_byte_of_both_directions(board: NetBoard) -> None:
    """As the kernel: whole messages, those of the handshake too."""
    client, number = board.client(6), 6
    to = client.sock.getsockname()[1]
    sent, send = [], client.send
    client.send = lambda datagram: (sent.append(datagram), send(datagram))  # type: ignore
    board.ask("client.WireGuard('wg0').active(False)")
    board.wire.seen.clear()
    client.drain()
    board.ask("client.WireGuard('wg0').active(True)")
    assert answer_initiation(client)[1] == b""  # the keepalive
    second = client.handshake()
    echo_reply(client, second, ipv4(client.identity.address, BOARD4, icmp(8, bytes(100))))
    shown = board.show()["peers"][number]
    stale = [message for message in sent if message[:1] == b"\x02"][:-1]
    assert shown["rx_bytes"] == sum(map(len, sent)) - sum(map(len, stale))
    received = sum(len(outer.data) for outer in board.wire.seen if outer.to[1] == to)
    assert shown["tx_bytes"] == received >= INITIATION_BYTES + 32 + RESPONSE_BYTES + (32 + 128)


Spoil = Callable[[Endpoint], bytes]
INNER: dict[str, tuple[Spoil, str]] = {
    "for another address of the network": (
        lambda c: ipv4(c.identity.address, "10.7.0.77", icmp(8, bytes(8))),
        "drop_destination",
    ),
    "for another IPv6 address": (
        lambda c: ipv6(inside6(0), "fd07::77", udp("0.0.0.0", "0.0.0.0", 1, 2, b"x"), 17),
        "drop_destination",
    ),
    "from a source of nobody": (
        lambda c: ipv4("10.99.0.1", BOARD4, icmp(8, bytes(8))),
        "drop_source",
    ),
    "from the board's own address": (
        lambda c: ipv4(BOARD4, BOARD4, icmp(8, bytes(8))),
        "drop_source",
    ),
    "from another peer's address": (
        lambda c: ipv6(inside6(1), BOARD6, bytes(8), 59),
        "drop_source",
    ),
    "longer than it is": (
        lambda c: ipv4(c.identity.address, BOARD4, bytes(8), total_bytes=200),
        "drop_inner",
    ),
    "no IP": (lambda c: b"\x00" * 40, "drop_inner"),
}


@pytest.mark.parametrize("name", INNER)
def test_opened_packets_that_go_nowhere_are_counted(
    board: NetBoard, peer: tuple[Endpoint, Session], name: str
) -> None:
    client, session = peer
    make, reason = INNER[name]
    before = board.reasons()
    client.send(session.seal(make(client)))
    request = ipv4(client.identity.address, BOARD4, icmp(ECHO_REQUEST, bytes(8)))
    echo_reply(client, session, request)
    after = board.reasons()
    more = {n: after[n] - before[n] for n in after if "drop" in n and after[n] != before[n]}
    assert more == {reason: 1}


# --- the underlay changes ---


def test_the_tunnel_goes_on_from_another_address(
    board: NetBoard, peer: tuple[Endpoint, Session]
) -> None:
    """The same session; the outer datagrams come from the new address at once."""
    client, session = peer
    client.drain()
    board.wire.seen.clear()
    board.ask("lan_address('10.0.2.77/24')")
    try:
        assert board.ask(f"send_to({client.identity.address!r})") == 0
        opened = client.receive_packet(WAIT_S)
        assert opened is not None and opened[0] is session
        outers = [outer for outer in board.wire.seen if outer.data[:1] == bytes([DATA])]
        assert {outer.source for outer in outers} == {"10.0.2.77"}
    finally:
        board.ask("lan_address('10.0.2.15/24')")
