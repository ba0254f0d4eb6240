# SPDX-License-Identifier: MIT
"""Hostile traffic on a session: by a client of the target, and by who listens on the way."""

from __future__ import annotations

from tests.hostile.endpoint import COOKIE, DATA
from tests.hostile.packets import ECHO_REQUEST, Echo, icmp, ipv4
from tests.hostile.world import World, case, slow

REJECT_AFTER_MESSAGES = 2**64 - 2**13 - 1  # paper §6.1
FAR = 1 << 40
WINDOW_LEAST = 1024
WINDOW_MOST = 1 << 14
GROUPS = ("255.255.255.255", "224.0.0.1")
NOWHERE = ("127.0.0.1", "0.0.0.0", *GROUPS)
FRAME_BYTES = 1500 - 28  # what a UDP datagram may hold without fragments


# Who may say it, and to whom.


@case
def inner_source_outside_allowed_ips(world: World) -> None:
    """A client may use its own inner address only, not another client's."""
    one, its = world.connected(0)
    other, others = world.connected(1)
    echo = world.echo(other)
    assert world.answers(one, its, echo) == 0
    assert world.count(other, others, echo) == 0, "a client spoke in another's name"
    assert world.gets_through(other, others, echo), "the control: the same packet by its owner"


@case
def inner_source_of_nobody(world: World) -> None:
    """Sources that no client has: loopback, broadcast, multicast, the target's own address."""
    client, session = world.connected()
    before = world.counters() if world.counters else {}
    sources = (*NOWHERE, world.target.address)
    for source in sources:
        client.send(session.seal(Echo(source, world.target.address).packet))
        world.check_alive(client, session)
    if world.counters:
        assert world.counters()["drop_source"] - before["drop_source"] == len(sources)


@case
def inner_destination(world: World) -> None:
    """The target is no router: what is for somebody else goes nowhere, and nobody answers.

    To broadcast and multicast a host may answer or not (RFC 1122, 3.2.2.6; gVisor does).
    """
    client, session = world.connected(0)
    other, others = world.connected(1)
    for to in (*NOWHERE, other.identity.address, "10.7.0.254", "192.0.2.1"):
        answered = world.answers(client, session, Echo(client.identity.address, to))
        assert not answered or to in GROUPS, f"an answer from {to}"
    forwarded = [inner for inner in world.after(other, others) if inner]  # no keepalives
    assert not forwarded, f"forwarded to another client: {forwarded}"


@case
def inner_packet_malformed(world: World) -> None:
    """Authentic, but no IP packet: nothing answers, and the session goes on."""
    client, session = world.connected()
    mine, to = client.identity.address, world.target.address
    good = world.echo(client).packet
    short_header = b"\x44" + good[1:]
    for inner in (
        b"\x45",
        good[:19],
        bytes(20),
        b"\xff" * 60,
        ipv4(mine, to, good[20:], version=6),
        ipv4(mine, to, good[20:], version=0),
        ipv4(mine, to, good[20:], total_bytes=len(good) + 64),
        ipv4(mine, to, good[20:], total_bytes=19),
        ipv4(mine, to, good[20:], total_bytes=0xFFFF),
        b"\x4f" + good[1:20],
        short_header,
        b"\x60" + bytes(39),
        b"\x60\0\0\0\xff\xff" + bytes(34),
    ):
        for pad in (True, False):
            client.send(session.seal(inner, pad=pad))
    assert not any(world.after(client, session))


@case
def inner_errors_make_no_errors(world: World) -> None:
    """ICMP errors about nothing, to the target and past it: none is answered (RFC 1122 3.2.2)."""
    client, session = world.connected()
    mine = client.identity.address
    about = ipv4(world.target.address, mine, bytes(8), 17)
    for kind in (3, 4, 5, 11, 12):
        for to in (world.target.address, "10.7.0.254", *NOWHERE):
            client.send(session.seal(ipv4(mine, to, icmp(kind, bytes(4) + about))))
    assert not any(world.after(client, session))


@case
def inner_fragments_without_end(world: World) -> None:
    """First fragments whose rest never comes must not stop what is whole."""
    client, session = world.connected()
    for number in range(50):
        body = icmp(ECHO_REQUEST, bytes(64))
        part = ipv4(
            client.identity.address, world.target.address, body, fragment=0x2000, ident=number
        )
        client.send(session.seal(part))
    world.check_alive(client, session)


# What was said before.


@case
def replayed_data(world: World) -> None:
    """One echo request, sent again by us and by a stranger, is answered once."""
    client, session = world.connected()
    stranger, echo = world.stranger(), world.echo(client)
    recorded = session.seal(echo.packet)
    for _ in range(3):
        client.send(recorded)
        client.send(recorded, stranger)
    assert world.count(client, session, echo) == 1
    assert not world.heard(stranger)


@case
def replayed_data_after_a_rekey(world: World) -> None:
    """What was taken on a session is not taken again when that is the previous one, or gone."""
    client, session = world.connected()
    echo = world.echo(client)
    recorded = session.seal(echo.packet)
    client.send(recorded)
    assert world.count(client, session, echo) == 1
    for _ in range(3):
        newer = client.handshake()
        world.check_alive(client, newer)
        client.send(recorded)
        client.send(recorded, world.stranger())
        assert world.count(client, newer, echo) == 0


def stays(world: World, *attacks: str) -> None:
    """Whatever a stranger repeats or forges, what the target sends goes to the client."""
    client = world.client()
    sent = client.initiation()
    client.deliver(sent.message)
    session = None
    while session is None:
        response = client.receive_type(2, 1.0)
        assert response is not None, "no response to an honest initiation"
        session = client.finish(sent, response)
    client.send(session.seal())
    world.check_alive(client, session)
    data, keepalive = session.seal(world.echo(client).packet), session.seal()
    for datagram in (data, keepalive):
        client.send(datagram)
    world.check_alive(client, session)
    world.owe(client, session)
    forged = bytearray(session.seal(b"", counter=FAR))
    forged[-1] ^= 1
    stranger = world.stranger()
    kinds = {"data": data, "keepalive": keepalive, "initiation": sent.message, "forged": forged}
    for name in attacks:
        client.send(bytes(kinds[name]), stranger)
    came = world.elicit(client, session)
    heard = [message for message in world.heard(stranger) if message[0] != COOKIE]
    assert came is not None and not heard, "the endpoint moved to a stranger"


@case
def replayed_keepalive(world: World) -> None:
    """A keepalive heard on the way and sent from elsewhere moves nothing."""
    stays(world, "keepalive")


@case
def endpoint_hijack_by_replay(world: World) -> None:
    """Data, keepalive and initiation repeated, and a forged message, all from elsewhere."""
    stays(world, "data", "keepalive", "initiation", "forged")


@case
def endpoint_follows_the_client(world: World) -> None:
    """The control: a new authentic message from elsewhere does move it (paper §6.5, roaming)."""
    client, session = world.connected()
    home, client.sock = client.sock, world.stranger()
    world.check_alive(client, session)
    world.owe(client, session)
    assert world.elicit(client, session) is not None
    assert not world.heard(home)
    client.sock = home
    world.check_alive(client, session)


# Counters.


@case
def counter_old(world: World) -> None:
    """A counter below the window is refused, though it was never used."""
    client, session = world.connected()
    assert world.gets_through(client, session, world.echo(client), counter=FAR)
    session.counter = FAR + 1
    for old in (1, FAR - WINDOW_MOST, 1000):
        assert world.answers(client, session, world.echo(client), counter=old) == 0, old


@case
def counter_future(world: World) -> None:
    """A leap is taken, if only authentic; what came late before it too, once."""
    client, session = world.connected()
    for leap in (FAR, 1 << 50, 1 << 60, (1 << 63) + 1):
        assert world.gets_through(client, session, world.echo(client), counter=leap)
        session.counter = leap + 1
        late = world.echo(client)
        assert world.gets_through(client, session, late, counter=leap - 1)
        assert world.answers(client, session, world.echo(client), counter=leap - 1) == 0
        assert world.answers(client, session, world.echo(client), counter=leap) == 0


@case
def counter_wrapped(world: World) -> None:
    """From 2^64 - 2^13 - 1 on no counter is taken, and trying moves no window."""
    client, session = world.connected()
    for counter in (2**64 - 1, REJECT_AFTER_MESSAGES + 1, REJECT_AFTER_MESSAGES):
        assert world.answers(client, session, world.echo(client), counter=counter) == 0
    assert world.gets_through(client, session, world.echo(client), counter=FAR)
    last = REJECT_AFTER_MESSAGES - 1
    client.send(session.seal(world.echo(client).packet, counter=last))
    # It was the last one that this session could take; a new one heals it.
    fresh = client.handshake()
    world.check_alive(client, fresh)


@case
def forged_counter_moves_no_window(world: World) -> None:
    """A counter counts only after the tag: a forged leap shuts nobody out."""
    client, session = world.connected()
    for counter in (FAR, 1 << 62, session.counter + 1):
        forged = bytearray(session.seal(world.echo(client).packet, counter=counter))
        forged[-1] ^= 0x80
        client.send(bytes(forged))
    world.check_alive(client, session)
    assert world.gets_through(client, session, world.echo(client), counter=FAR)


def taken_at(world: World, behind: int) -> bool:
    """Is a message taken that comes `behind` messages after its turn, on a new session?"""
    client = world.client()
    session = client.handshake()
    top = FAR + 13 * behind
    assert world.gets_through(client, session, world.echo(client), counter=top)
    echo = world.echo(client)
    late = session.seal(echo.packet, counter=top - behind)
    for _ in range(2):  # in case one is lost
        client.send(late)
    session.counter = top + 1
    # What follows is one step higher, and must not push the late one out before it is judged.
    return world.count(client, session, echo) == 1


@case
def window_edges(world: World) -> None:
    """The window has one edge: what is above it is taken once, nothing below. It holds 1,024."""
    low, high = WINDOW_LEAST - 1, WINDOW_MOST
    assert taken_at(world, low), f"the window holds less than {WINDOW_LEAST}"
    assert not taken_at(world, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken_at(world, middle) else (low, middle)
    for behind in (0, 1, 31, 32, 33, low - 32, low - 1, low):
        assert behind == 0 or taken_at(world, behind), behind
    for behind in (high, high + 1, high + 31, high + 32, 2 * high, 2 * high - 1):
        assert not taken_at(world, behind), behind
    print(f"the window holds {high} messages")


@case
def window_is_filled_in_any_order(world: World) -> None:
    """200 messages backwards, each twice: each is answered once."""
    client, session = world.connected()
    first, echoes = session.counter, []
    session.counter += 200
    for number in reversed(range(200)):
        echoes.append(world.echo(client))
        datagram = session.seal(echoes[-1].packet, counter=first + number)
        client.send(datagram)
        client.send(datagram)
        if number % 8 == 0:
            seen = world.after(client, session)
            assert [sum(e.is_answer(i) for i in seen) for e in echoes] == [1] * len(echoes)
            echoes.clear()


# Shape.


@case
def data_truncated(world: World) -> None:
    """A data message cut at every length does nothing, and its whole still counts afterwards."""
    client, session = world.connected()
    echo = world.echo(client)
    whole = session.seal(echo.packet)
    for length in range(len(whole)):
        client.send(whole[:length])
        if length % 32 == 31:
            assert world.count(client, session, echo) == 0
    for _ in range(3):
        client.send(whole)
    assert world.count(client, session, echo) == 1


@case
def data_oversized(world: World) -> None:
    """A byte more is a forgery, and so is a second message in the same datagram."""
    client, session = world.connected()
    one, two = world.echo(client), world.echo(client)
    for tail in (b"\0", bytes(16), session.seal(two.packet)):
        client.send(session.seal(one.packet) + tail)
        assert world.count(client, session, one) == 0
    assert world.count(client, session, two) == 0


@case
def datagrams_of_every_size(world: World) -> None:
    """Inner packets of every length modulo the padding, with options, padded and not."""
    client, session = world.connected()
    for size in (*range(0, 34), 500, 511, 1000, 1200, 1371, 1372):
        for pad in (True, False):
            assert world.gets_through(client, session, world.echo(client, size), pad=pad), size
    for options in (b"\x01" * 4, b"\x01" * 8, b"\x01" * 40):
        echo = world.echo(client)
        mine, to = client.identity.address, world.target.address
        echo.packet = ipv4(mine, to, echo.packet[20:], options=options)
        assert world.gets_through(client, session, echo), f"{len(options)} bytes of options"


@case
def datagrams_in_fragments(world: World) -> None:
    """Outer datagrams larger than a frame come in pieces (chained pbufs) and are opened whole.

    The size is made by zeros after the inner packet, so that its answer fits into one frame.
    """
    client, session = world.connected()
    for outer in (FRAME_BYTES + 1, FRAME_BYTES + 7, FRAME_BYTES + 8, FRAME_BYTES + 60):
        echo = world.echo(client)
        echo.packet += bytes(outer - 32 - len(echo.packet))
        assert world.gets_through(client, session, echo, pad=False), outer
    for size in (2000, 5000, 20_000, 60_000):
        client.send(session.seal(bytes(size)))
        client.send(bytes(size))
    world.check_alive(client, session)


@case
def unknown_types(world: World) -> None:
    """A good data message under every other type number does nothing."""
    client, session = world.connected()
    echo = world.echo(client)
    for kind in range(256):
        if kind != DATA:
            client.send(session.seal(echo.packet, head=bytes([kind, 0, 0, 0])))
        if kind % 32 == 31:
            assert world.count(client, session, echo) == 0


@case
def reserved_bytes_not_zero(world: World) -> None:
    """The three bytes after the type are zero (paper §5.4), or it is no message."""
    client, session = world.connected()
    for place in range(3):
        for value in (1, 0x80, 0xFF):
            head = bytearray([DATA, 0, 0, 0])
            head[1 + place] = value
            echo = world.echo(client)
            assert world.answers(client, session, echo, head=bytes(head)) == 0
            head[0] = 1
            client.deliver(client.initiation(head=bytes(head)).message, 0.03)
    assert world.responses(client, session) == 0


@case
def data_for_another_session(world: World) -> None:
    """A message sealed with one client's keys under the index of another's session, or nobody's."""
    one, its = world.connected(0)
    other, others = world.connected(1)
    echo = world.echo(one)
    for receiver in (others.remote, 0, 0xFFFFFFFF, its.remote ^ 1):
        one.send(its.seal(echo.packet, receiver=receiver))
    assert world.count(one, its, echo) == 0
    world.check_alive(other, others)


@case
@slow
def keepalive_storm(world: World) -> None:
    """5,000 keepalives and pings back to back: the target answers only what asks."""
    client, session = world.connected()
    for number in range(5000):
        client.send(session.seal())
        if number % 500 == 499:
            keepalives = [inner for inner in world.after(client, session) if not inner]
            assert len(keepalives) <= 1, "a keepalive was answered by a keepalive"
