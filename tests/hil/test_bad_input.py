# SPDX-License-Identifier: MIT
"""Whatever arrives at the board's outer socket is counted and dropped: nothing raises, nothing
leaks, and the tunnel goes on. Datagrams come from a stranger: another port of the host."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from demo import capture, steps
from demo.lwip_memory import memory
from demo.rig import BOARD_ADDRESS, SERVER_ADDRESS, Rig, chosen_env

OUTER_PORT = 51820  # the board's own UDP port for the tunnel
FLOOD = 100_000
COSTLY_SHARE = 0.001
BURST = 8  # the receive buffer of a LAN9118 holds few frames
BURST_PAUSE_S = 0.0003
SAMPLE = 100
SAMPLE_PAUSE_S = 0.0005
SETTLE_S = 0.2
REASSEMBLY_S = 16  # lwIP keeps fragments of an incomplete datagram for 15 s
PYTHON_SLACK_BYTES = 2048  # what the prompt itself keeps, such as its last lines
INITIATION, RESPONSE, COOKIE, DATA = 1, 2, 3, 4

Kind = Callable[[Rig], bytes]


def header(kind: int) -> bytes:
    return struct.pack("<I", kind)


def with_mac1(message: bytes, public_key: str) -> bytes:
    """A mac1 needs only the board's public key (paper §5.4.4), so anybody can make one."""
    key = hashlib.blake2s(b"mac1----" + base64.b64decode(public_key)).digest()
    return message + hashlib.blake2s(message, key=key, digest_size=16).digest()


def seen(rig: Rig, kind: int) -> list[bytes]:
    """Messages of one type that went to the board since it started, oldest first."""
    found = []
    for frame in capture.frames(rig.capture):
        payload = capture.udp_payload(frame, {rig.server.port})
        to_board = struct.unpack_from("!H", frame, 34)[0] == rig.server.port
        if payload and to_board and capture.message_type(payload) == kind:
            found.append(payload)
    return found


def index_of_session(rig: Rig) -> bytes:
    return seen(rig, DATA)[-1][4:8]


# Kind of datagram -> the counters that must take it, all of it together.
KINDS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "one byte": (lambda rig: b"\x04", ("drop_length",)),
    "three bytes": (lambda rig: os.urandom(3), ("drop_length",)),
    "unknown type": (lambda rig: header(5) + os.urandom(100), ("drop_type",)),
    "reserved bytes not zero": (
        lambda rig: struct.pack("<I", 0x100 | DATA) + os.urandom(60),
        ("drop_type",),
    ),
    "initiation cut short": (lambda rig: header(INITIATION) + os.urandom(143), ("drop_length",)),
    "initiation too long": (lambda rig: header(INITIATION) + os.urandom(145), ("drop_length",)),
    "response cut short": (lambda rig: header(RESPONSE) + os.urandom(87), ("drop_length",)),
    "cookie too long": (lambda rig: header(COOKIE) + os.urandom(61), ("drop_length",)),
    "data cut short": (lambda rig: header(DATA) + os.urandom(27), ("drop_length",)),
    "initiation, random": (lambda rig: header(INITIATION) + os.urandom(144), ("drop_mac1",)),
    "response, random": (lambda rig: header(RESPONSE) + os.urandom(88), ("drop_mac1",)),
    "cookie, random": (
        lambda rig: header(COOKIE) + os.urandom(60),
        ("cookie_unknown_index", "inbox_dropped"),
    ),
    "initiation, mac1 right": (
        lambda rig: with_mac1(header(INITIATION) + os.urandom(112), rig.board_key) + bytes(16),
        ("initiation_forged", "inbox_dropped"),
    ),
    "response, mac1 right": (
        lambda rig: with_mac1(header(RESPONSE) + os.urandom(56), rig.board_key) + bytes(16),
        ("response_unknown_index", "inbox_dropped"),
    ),
    "data, no such session": (lambda rig: header(DATA) + os.urandom(1400), ("drop_index",)),
    "data, session right, forged": (
        lambda rig: header(DATA) + index_of_session(rig) + struct.pack("<Q", 1 << 40) + bytes(64),
        ("drop_tag",),
    ),
    "data, replayed": (lambda rig: seen(rig, DATA)[-1], ("drop_replay",)),
    "data, replayed and one bit turned": (
        lambda rig: turned(seen(rig, DATA)[-1]),
        ("drop_replay",),
    ),
    "response, replayed": (
        lambda rig: seen(rig, RESPONSE)[-1],
        ("response_unknown_index", "inbox_dropped"),
    ),
}


def turned(message: bytes) -> bytes:
    place = random.randrange(16, len(message))
    return message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :]


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def outer_port() -> int:
    """The port of 127.0.0.1 that leads to the board's outer socket."""
    return free_udp_port()


@pytest.fixture(scope="module")
def tunnel(outer_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A board of its own, whose outer socket strangers reach."""
    with Rig(
        chosen_env(),
        tmp_path_factory.mktemp("bad-input"),
        extra=f"ListenPort = {OUTER_PORT}\n",
        hostfwd=[f"udp:127.0.0.1:{outer_port}-:{OUTER_PORT}"],
    ) as rig:
        steps.provision(rig, steps.quiet)
        rig.wait_handshake(rig.known_at)
        rig.wait_second(rig.known_at)
        yield rig


@pytest.fixture(scope="module")
def stranger(outer_port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", outer_port))
        yield sock


def counters(rig: Rig) -> dict[str, int]:
    return dict(rig.show()["counters"])


def sent_by_pace(sock: socket.socket, datagrams: list[bytes], pause_s: float) -> None:
    for datagram in datagrams:
        sock.send(datagram)
        time.sleep(pause_s)
    time.sleep(SETTLE_S)


@pytest.fixture(scope="module")
def memory_before(tunnel: Rig, stranger: socket.socket) -> dict[str, int]:
    """Memory before some datagrams larger than a frame, or than what lwIP will join, were sent."""
    before = memory(tunnel)
    datagrams = [os.urandom(size) for size in (1473, 2000, 3000, 5000, 9000, 20_000, 60_000)]
    sent_by_pace(stranger, datagrams * 20, 0.002)
    assert tunnel.server.ping(BOARD_ADDRESS).received == 10
    return before


@pytest.mark.usefixtures("memory_before")  # first, because lwIP keeps fragments for 15 s
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_counted_by_reason(tunnel: Rig, stranger: socket.socket, kind: str) -> None:
    """SAMPLE more under its reason, none under another, and the endpoint stays.

    A busy host may lose datagrams before the board sees them, so it is sent until enough arrived.
    """
    assert tunnel.server.ping(BOARD_ADDRESS, 3, interval_ms=2).received == 3
    make, reasons = KINDS[kind]
    datagram = make(tunnel)
    before, sent, counted = tunnel.show(), 0, 0
    while counted < SAMPLE:
        assert sent < 10 * SAMPLE, f"{counted} of {sent} counted"
        sent_by_pace(stranger, [datagram] * SAMPLE, SAMPLE_PAUSE_S)
        sent += SAMPLE
        after = tunnel.show()
        more = increments(before["counters"], after["counters"])
        counted = sum(more.get(name, 0) for name in reasons)
    assert counted <= sent, more
    others = {n: c for n, c in more.items() if n not in reasons and ("drop" in n or "forged" in n)}
    assert not others
    assert after["peers"][0]["endpoint"] == before["peers"][0]["endpoint"]
    assert tunnel.server.ping(BOARD_ADDRESS, 3, interval_ms=2).received == 3


def increments(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def test_oversized_datagrams_leave_nothing_behind(
    tunnel: Rig, memory_before: dict[str, int]
) -> None:
    """They were sent before the tests above; what lwIP could not join is gone by now, or soon."""
    wait_for(tunnel, memory_before)
    assert tunnel.server.ping(BOARD_ADDRESS).received == 10


def wait_for(rig: Rig, wanted: dict[str, int]) -> None:
    """Wait until lwIP holds as much as it did."""
    deadline = time.monotonic() + REASSEMBLY_S
    while (now := without_python(memory(rig))) != without_python(wanted):
        assert time.monotonic() < deadline, f"{wanted} became {now}"
        time.sleep(1)


def without_python(sizes: dict[str, int]) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if name != "python_used_bytes"}


def mixed(rig: Rig) -> Iterator[bytes]:
    """Endless: half random bytes of any length, the rest of every kind above.

    An initiation with the right mac1 costs the board a Diffie-Hellman, so few of those: the test
    would measure X25519.
    """
    choice = random.Random(7)
    known = {name: make(rig) for name, (make, _) in KINDS.items()}
    costly = known.pop("initiation, mac1 right")
    cheap = list(known.values())
    while True:
        lot = choice.random()
        if lot < COSTLY_SHARE:
            yield costly
        elif lot < 0.5:
            yield choice.randbytes(choice.randrange(1, 1473))
        else:
            yield choice.choice(cheap)


# Counters of what reached the board from the stranger, without what the tunnel itself does.
REFUSED = (
    "drop_length",
    "drop_type",
    "drop_mac1",
    "drop_index",
    "drop_replay",
    "drop_tag",
    "inbox_dropped",
    "initiation_forged",
    "response_unknown_index",
    "cookie_unknown_index",
)


def refused(rig: Rig) -> int:
    now = counters(rig)
    return sum(now[name] for name in REFUSED)


@pytest.mark.long
def test_a_flood_leaves_everything_as_it_was(
    tunnel: Rig, stranger: socket.socket, memory_before: dict[str, int]
) -> None:
    """100,000 datagrams counted; heap, pbufs and tunnel as before."""
    wait_for(tunnel, memory_before)
    assert tunnel.server.ping(BOARD_ADDRESS).received == 10
    tunnel.run("tunnel_state", "remember('flood')")
    source = mixed(tunnel)
    for _ in range(2000):  # so that Python's own tables have grown to their size
        stranger.send(next(source))
    time.sleep(SETTLE_S)
    before, counted = memory(tunnel), refused(tunnel)
    sent, started = 0, time.monotonic()
    while refused(tunnel) - counted < FLOOD:
        assert sent < 4 * FLOOD, f"{refused(tunnel) - counted} of {sent} sent were counted"
        sent += flood(stranger, source, FLOOD // 10)
    took_s = time.monotonic() - started
    time.sleep(SETTLE_S)
    after = memory(tunnel)
    print(f"{sent} sent, {refused(tunnel) - counted} counted, {took_s:.1f} s\n{before}\n{after}")
    grown = after.pop("python_used_bytes") - before.pop("python_used_bytes")
    assert grown < PYTHON_SLACK_BYTES
    assert after == before
    assert tunnel.run("tunnel_state", "remembered()") == "flood", "the board has started anew"
    assert tunnel.show()["status"] == "up"
    assert tunnel.server.ping(BOARD_ADDRESS).received == 10
    steps.tcp_to_server(tunnel, 64 << 10)
    steps.tcp_to_board(tunnel, 64 << 10)


def flood(sock: socket.socket, source: Iterator[bytes], count: int) -> int:
    for number in range(count):
        sock.send(next(source))
        if number % BURST == BURST - 1:
            time.sleep(BURST_PAUSE_S)
    time.sleep(SETTLE_S)
    return count


def test_the_memory_figures_see_what_is_held(tunnel: Rig) -> None:
    """The control: a datagram that nobody reads, and a socket that stays open, must show."""
    before = memory(tunnel)
    tunnel.run("tunnel_state", "hold(5990)")
    tunnel.server.udp_blast(f"{BOARD_ADDRESS}:5990", 1, 1000, 0)
    time.sleep(SETTLE_S)
    held = memory(tunnel)
    assert held["UDP_PCB"] == before["UDP_PCB"] - 1
    pbufs = (held["PBUF_POOL"], held["heap_used_bytes"])
    assert pbufs != (before["PBUF_POOL"], before["heap_used_bytes"]), "one unread datagram"
    tunnel.run("tunnel_state", "release()")
    assert without_python(memory(tunnel)) == without_python(before)
    assert tunnel.run("tunnel_ping", f"ping({SERVER_ADDRESS!r}, 3)")["received"] == 3
