# SPDX-License-Identifier: MIT
"""The interface comes and goes, memory runs out, the underlay changes: nothing grows, nothing is
lost for good."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from demo.lwip_memory import symbols
from mpremote.transport_serial import SerialTransport

from tests.hil.netif_kit import BOARD4, NetBoard, net_board
from tests.hostile.endpoint import DATA, Endpoint, Session
from tests.hostile.packets import ECHO_REQUEST, icmp, ipv4
from tests.hostile.wire import GATEWAY

WARM_UP = 20  # so that Python's own tables have grown to their size
PYTHON = "python_used_bytes"
PYTHON_SLACK_BYTES = 2048
SETTLE_S = 10.0
SOFT_RESETS = 5
WAIT_S = 2.0


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetBoard]:
    """One peer that everything is routed to."""
    with net_board(tmp_path_factory.mktemp("life"), peers=1, everything=True) as made:
        yield made


def answers_ping(client: Endpoint, session: Session, tries: int = 10) -> bool:
    request = ipv4(client.identity.address, BOARD4, icmp(ECHO_REQUEST, bytes(8)))
    for _ in range(tries):
        client.send(session.seal(request))
        if client.receive_packet(0.3) is not None:
            return True
    return False


def settled(board: NetBoard) -> dict[str, int]:
    """What lwIP and Python hold, once nothing is under way: lwIP holds the same all the while."""
    deadline = time.monotonic() + SETTLE_S
    last = board.memory()
    while True:
        time.sleep(0.3)
        found = board.memory()
        if {**last, PYTHON: 0} == {**found, PYTHON: 0}:
            return found
        assert time.monotonic() < deadline, f"lwIP does not come to rest: {last}, {found}"
        last = found


def check_same(before: dict[str, int], after: dict[str, int]) -> None:
    grown = after.pop(PYTHON) - before.pop(PYTHON)
    assert after == before
    assert grown < PYTHON_SLACK_BYTES


@pytest.mark.parametrize("times", [100, pytest.param(1000, marks=pytest.mark.boards)])
def test_up_and_down_without_growth(board: NetBoard, times: int) -> None:
    board.ask(f"updown({WARM_UP})")
    board.connected()
    before = settled(board)
    started = time.monotonic()
    board.ask(f"updown({times})", timeout_s=300)
    print(f"{time.monotonic() - started:.1f} s")
    client, session = board.connected()
    assert answers_ping(client, session)
    check_same(before, settled(board))


def soft_reset(board: NetBoard) -> None:
    line = SerialTransport(board.qemu.port)
    line.enter_raw_repl(soft_reset=True, timeout_overall=10)
    line.exit_raw_repl()
    line.close()


def test_soft_resets_with_the_tunnel_up(board: NetBoard) -> None:
    """It comes back by itself, and what C held for it before is free."""
    soft_reset(board)
    client, session = board.connected()
    before = settled(board)
    for _ in range(SOFT_RESETS):
        assert board.ask(f"send_to({client.identity.address!r})") == 0
        soft_reset(board)
    client, session = board.connected()
    assert answers_ping(client, session)
    check_same(before, settled(board))


def test_what_only_a_start_needs_does_not_stay(board: NetBoard) -> None:
    """The collector gets 3.6 KB back: the store, the configuration, and what reads it."""
    soft_reset(board)
    board.connected()
    stays = set(board.ask("loaded()"))
    assert {"wireguard.client", "wireguard.mark", "wireguard.core.tunnel"} <= stays
    for name in ("start", "store", "config", "core.allowedips", "agent"):
        assert f"wireguard.{name}" not in stays


@pytest.mark.parametrize("what", ["PBUF", "heap"])
def test_only_the_pool_to_send_with(board: NetBoard, what: str) -> None:
    """The buffers for received packets do where no others are left."""
    table = symbols(board.elf)
    board.connected()
    before = board.reasons()["tx_no_memory"]
    if what == "heap":
        assert board.ask(f"keepalive_without_heap({table['lfree']}, {table['ram_end']})") is True
    else:
        assert board.ask(f"keepalive_without([{table['memp_tab_PBUF']}])") is True
    assert board.reasons()["tx_no_memory"] == before
    client, session = board.connected()
    assert answers_ping(client, session)


def test_nothing_to_send_with(board: NetBoard) -> None:
    table = symbols(board.elf)
    pools = [table[f"memp_tab_{name}"] for name in ("PBUF", "PBUF_POOL")]
    board.connected()
    before = board.reasons()["tx_no_memory"]
    assert board.ask("keepalive()") is True
    assert board.ask(f"keepalive_without({pools})") is False
    assert board.ask("keepalive()") is True
    assert board.reasons()["tx_no_memory"] == before + 1
    client, session = board.connected()
    assert answers_ping(client, session)


def test_nothing_to_receive_with(board: NetBoard) -> None:
    """The driver finds no buffer for 300 ms of traffic; afterwards all is as before."""
    pool = symbols(board.elf)["memp_tab_PBUF_POOL"]
    client, session = board.connected()
    before = settled(board)
    with board.script("netif_probe", f"without_pool({pool}, 300)") as script:
        for _ in range(100):
            client.send(session.seal(ipv4(client.identity.address, BOARD4, icmp(8, bytes(400)))))
            time.sleep(0.005)
        script.result(10)
    client.drain()
    assert answers_ping(client, session)
    check_same(before, settled(board))


# --- the underlay changes, everything routed into the tunnel ---


def went_outside(board: NetBoard) -> None:
    """No outer datagram took the way through the tunnel."""
    reasons = board.reasons()
    assert reasons["drop_from_tunnel"] == 0
    assert reasons["drop_destination"] == 0


def board_sends(board: NetBoard, client: Endpoint) -> None:
    """The board's program reaches a host of the world through the tunnel."""
    client.drain()
    board.wire.seen.clear()
    assert board.ask("send_to('198.51.100.9')") == 0
    opened = client.receive_packet(WAIT_S)
    assert opened is not None and opened[1][16:20] == bytes([198, 51, 100, 9])
    datagrams = [outer for outer in board.wire.seen if outer.data[:1] == bytes([DATA])]
    assert {outer.to for outer in datagrams} == {(GATEWAY, client.sock.getsockname()[1])}


def test_everything_through_the_tunnel_from_a_new_address(board: NetBoard) -> None:
    client, _ = board.connected()
    board_sends(board, client)
    board.ask("lan_address('10.0.2.77/24')")
    board_sends(board, client)
    assert {outer.source for outer in board.wire.seen} == {"10.0.2.77"}
    board.ask("lan_address('10.0.2.15/24')")
    board_sends(board, client)
    went_outside(board)


def test_everything_through_the_tunnel_after_the_underlay_was_away(board: NetBoard) -> None:
    client, session = board.connected()
    board_sends(board, client)
    board.ask("lan_off_and_on(200)")
    deadline = time.monotonic() + 10
    while not answers_ping(client, session, 1):
        assert time.monotonic() < deadline, "the tunnel is not back"
    board_sends(board, client)
    went_outside(board)
