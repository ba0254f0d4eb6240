# SPDX-License-Identifier: MIT
"""The board without something that it lives on: heap, buffers, room on flash, quiet, small numbers.

Existing sessions go on wherever C alone can do it; what needs Python comes back by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.board_script import BoardScript
from demo.lwip_memory import symbols

from tests.hostile.endpoint import Endpoint, Received, Session
from tests.hostile.targets import Board, configuration, elf, hand_over
from tests.hostile.world import World

SCARCE = "../hostile/device/scarce"  # seen from tests/device
LACK_S = 1.0
RECOVERY_S = 3.0
CLOCK_TIMER = 0x40002000  # LOAD of the CMSDK dual timer that is the board's clock
TURNS_OF_2_30_MS = 6250  # 2^30 ms at 25 MHz, in turns of 2^32
LEFT_MS = 4000
PASSIVE_S = 10.0
ANSWER_S = 0.5
QUIET_S = 0.2
QUIET_WITHIN_S = 10.0

Connected = tuple[Endpoint, Session]


@pytest.fixture
def world(board: Board) -> Iterator[World]:
    made = board.world()
    yield made
    made.close()


@pytest.fixture
def connected(world: World) -> Connected:
    return world.connected()


def script(board: Board, call: str) -> BoardScript:
    return BoardScript(board.qemu.port, SCARCE, call)


def run(board: Board, call: str, timeout_s: float = 30.0):  # noqa: ANN201
    return board.run(SCARCE, call, timeout_s)


def address(name: str) -> int:
    """Of a symbol of the firmware; of a static one of a function, whatever number it has got."""
    found = {n: a for n, a in symbols(elf()).items() if n == name or n.startswith(name + ".")}
    assert len(found) == 1, found
    return next(iter(found.values()))


def answered(world: World, client: Endpoint, session: Session, seconds: float) -> tuple[int, int]:
    """Pings answered and sent, one after the other, each once."""
    sent = got = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        echo = world.echo(client)
        client.send(session.seal(echo.packet))
        sent += 1
        got += world.comes(client, echo, ANSWER_S)
        time.sleep(0.005)
    return got, sent


def quiet(client: Endpoint) -> None:
    """Until nothing more comes of what the board still had to do."""
    end = time.monotonic() + QUIET_WITHIN_S
    client.drain()
    while client.receive(QUIET_S) is not None:
        assert time.monotonic() < end, "the board does not come to rest"


def newest_initiation(client: Endpoint, wait_s: float) -> Received | None:
    """The first ones to wait may be of before a restart, which has forgotten them."""
    newest = client.wait_initiation(wait_s)
    while newest is not None and (later := client.wait_initiation(QUIET_S)) is not None:
        newest = later
    return newest


def back(world: World, client: Endpoint) -> float:
    """Seconds until the board takes a handshake again, and passes data on it."""
    started = time.monotonic()
    session = client.handshake()
    world.check_alive(client, session)
    return time.monotonic() - started


def test_heap_exhausted(board: Board, world: World, connected: Connected) -> None:
    """Data goes on, handshakes wait, nothing is lost for good."""
    client, session = connected
    with script(board, f"without_heap({LACK_S})") as running:
        running.wait_ready()
        for _ in range(4):
            client.send(client.initiation().message)
            got, sent = answered(world, client, session, 0.2)
            assert got == sent > 0, f"{got} of {sent} pings without a heap"
        free_bytes = running.result(30)
    assert free_bytes > 10_000
    took_s = back(world, client)
    assert took_s < RECOVERY_S
    assert board.show()["status"] == "up"


def test_garbage_collection_during_traffic(
    board: Board, world: World, connected: Connected
) -> None:
    client, session = connected
    with script(board, "garbage(3)") as running:
        running.wait_ready()
        got, sent = answered(world, client, session, 2.5)
        rounds = running.result(10)
    print(f"{got} of {sent} pings during {rounds} collections")
    assert rounds > 20 and sent > 50
    assert got == sent


def test_handshakes_during_garbage_collection(
    board: Board, world: World, connected: Connected
) -> None:
    client, _ = connected
    with script(board, "garbage(3)") as running:
        running.wait_ready()
        for _ in range(8):
            world.check_alive(client, client.handshake())
        running.result(10)


@pytest.mark.parametrize("pools", [["PBUF_POOL"], ["PBUF"], ["PBUF_POOL", "PBUF"]], ids="+".join)
def test_pbufs_exhausted(
    board: Board, world: World, connected: Connected, pools: list[str]
) -> None:
    """The pool that frames are received into, and that of references: all gone for a while."""
    client, session = connected
    before = run(board, "empty_flash()")
    heads = [address(f"memp_tab_{name}") for name in pools]
    with script(board, f"without_pool({heads}, {LACK_S})") as running:
        running.wait_ready()
        for _ in range(200):
            client.send(session.seal(world.echo(client, 1200).packet))
            time.sleep(0.002)
        assert running.result(10) == len(pools)
    client.drain()
    got, sent = answered(world, client, session, 0.5)
    assert got == sent > 10
    assert back(world, client) < RECOVERY_S
    assert before > 0


def test_lwip_s_heap_exhausted(board: Board, world: World, connected: Connected) -> None:
    """As by TCP connections whose data is not acknowledged: what the tunnel sends goes out all the
    same, or it never would. Then a flood that finds no room."""
    client, session = connected
    names = [address(name) for name in ("lfree", "ram", "ram_end")]
    with script(board, f"without_lwip_heap({', '.join(map(str, names))}, {LACK_S})") as running:
        running.wait_ready()
        got, sent = answered(world, client, session, 0.3)
        assert got == sent > 10, f"{got} of {sent} pings without lwIP's heap"
        for _ in range(50):
            client.send(session.seal(world.echo(client, 1200).packet))
            client.send(client.initiation().message)
            time.sleep(0.01)
        running.result(10)
    quiet(client)
    got, sent = answered(world, client, session, 0.5)
    assert got == sent > 10
    assert back(world, client) < RECOVERY_S


@pytest.mark.boards
def test_flash_full(board: Board, world: World, tmp_path: Path) -> None:
    """A board that starts with a full flash has its tunnel, or says why and gets it later. A new
    configuration finds no room, which is said, and the old one stays in force."""
    client = world.client()
    size, left = run(board, "fill_flash()", 60)
    print(f"{size} bytes written, {left} blocks left")
    assert left <= 0  # littlefs counts blocks that two directories share twice
    new = tmp_path / "wg0.conf"
    new.touch(0o600)
    ports = [sock.getsockname()[1] for sock in board.sockets]
    new.write_text(configuration(board.identities, ports).replace("/24", "/25"))
    refused = hand_over(board.qemu, new)
    assert refused.returncode != 0, refused
    assert refused.stderr == "wgprov: the board refuses: no room left on the board's flash\n"
    client.drain()
    board.restart(0, 0)
    status = board.show()["status"]
    opened = newest_initiation(client, 2.0)
    print(f"status with a full flash: {status}; initiation: {opened is not None}")
    if opened is None:
        assert "mark cannot be stored" in status, status
        assert run(board, "empty_flash()") > 0
        opened = client.wait_initiation(7.0)
        assert opened is not None, "no handshake after there was room again"
    message, session = client.respond(opened)
    client.deliver(message)
    world.check_alive(client, session)
    assert run(board, "empty_flash()") > 0


def put_clock_before(board: Board, boundary: int) -> None:
    """In steps of 2^30 ms: lwIP's own comparisons bear no leap of half its range."""
    turns = address("turns")
    places = [turns, address("last"), CLOCK_TIMER, address("lwip_timer")]
    done = board.run("tunnel_memory", f"machine.mem32[{turns}]") // TURNS_OF_2_30_MS
    for step in range(done + 1, boundary + 1):
        turn = step * TURNS_OF_2_30_MS
        run(board, f"set_clock({', '.join(map(str, places))}, {turn}, {LEFT_MS})")
        time.sleep(0.3)  # the board's time has to pass: lwIP looks at its timers before the next


@pytest.mark.parametrize(
    "boundary",
    [pytest.param(n, marks=[pytest.mark.boards] if n > 1 else []) for n in (1, 2, 3, 4)],
)
def test_ticks_wrap(board: Board, world: World, boundary: int) -> None:
    """Milliseconds since start pass 2^30, where MicroPython's ticks wrap, and so on up to 2^32,
    where lwIP's do. A deadline that begins before and ends after it is kept: the keepalive that is
    due 10 s after data (paper §6.5)."""
    put_clock_before(board, boundary)
    client, session = world.connected()
    world.poke, poke = None, world.poke  # from here on only the board's own timers
    world.owe(client, session)
    sent_at = time.monotonic()
    came = client.receive_type(4, PASSIVE_S + 3)
    waited_s = time.monotonic() - sent_at
    world.poke = poke
    ticks = run(board, "ticks_ms()")
    print(f"keepalive after {waited_s:.1f} s; ticks_ms() is {ticks}")
    assert came is not None and session.open(came) == b""
    assert PASSIVE_S - 0.5 < waited_s < PASSIVE_S + 2
    assert ticks < 60_000, "the clock did not pass the boundary"
    world.check_alive(client, session)
    assert back(world, client) < RECOVERY_S
