# SPDX-License-Identifier: MIT
"""The main program is blocked for ten minutes: handshakes and data go on without it.

Ten minutes of the board's own time: QEMU counts instructions (16 to a microsecond), and time passes
with them only, so that a busy loop runs as fast as the host can. The firmware, its timers and the
network are the real ones; that an idle board would leap from one deadline to the next is why the
program spins instead of sleeping. tests/hil/test_blocked.py does all four ways of blocking in real
time, for seconds.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from demo.board_script import BoardScript

from tests.hostile.endpoint import Endpoint, Received, Session
from tests.hostile.packets import Echo
from tests.hostile.targets import Board, wire_board
from tests.hostile.world import World

SCARCE = "../hostile/device/scarce"
BLOCKED_S = 600
REKEY_S = 120
REAL_LIMIT_S = 280
STEP_S = 0.02
LOSS_MOST = 0.01
REST_AT, REST_BYTES = 24, 28  # of Echo.rest in an answer


class Ears:
    """A client that answers the board's initiations and pings it all the time."""

    def __init__(self, world: World, client: Endpoint) -> None:
        self.world, self.client = world, client
        self.session: Session | None = None
        self.stamps: list[bytes] = []
        self.waiting: dict[bytes, Echo] = {}
        self.sent = self.answered = 0

    def step(self) -> None:
        if self.session is not None:
            echo = self.world.echo(self.client)
            self.waiting[echo.rest] = echo
            self.client.send(self.session.seal(echo.packet))
            self.sent += 1
        end = time.monotonic() + STEP_S
        while (left := end - time.monotonic()) > 0:
            datagram = self.client.receive(left)
            if datagram is not None:
                self._take(datagram)

    def _take(self, datagram: bytes) -> None:
        initiation = self.client.read_initiation(datagram)
        if initiation is not None:
            self._answer(initiation)
            return
        opened = self.client.open(datagram)
        if opened is not None:
            self.session = opened[0]  # confirmed
            echo = self.waiting.pop(opened[1][REST_AT : REST_AT + REST_BYTES], None)
            self.answered += echo is not None and echo.is_answer(opened[1])

    def _answer(self, initiation: Received) -> None:
        self.stamps.append(initiation.timestamp)
        message, _session = self.client.respond(initiation)
        self.client.send(message)


@pytest.fixture
def fast(tmp_path: Path):  # noqa: ANN201
    with wire_board(tmp_path, icount=True) as board:
        yield board


@pytest.mark.boards
def test_blocked_for_ten_minutes(fast: Board) -> None:
    world = fast.world()
    client = world.client()
    ears = Ears(world, client)
    started = time.monotonic()
    with BoardScript(fast.qemu.port, SCARCE, f"block({BLOCKED_S})") as script:
        script.wait_ready()
        client.drain()
        while True:
            ears.step()
            assert time.monotonic() - started < REAL_LIMIT_S
            if script._repl.serial.in_waiting:
                break
        ticks = script.result(10)
    took_s = time.monotonic() - started
    print(f"{ticks} ms of the board in {took_s:.0f} s; {len(ears.stamps)} handshakes;", end=" ")
    print(f"{ears.answered} of {ears.sent} pings answered")
    assert ticks >= BLOCKED_S * 1000
    assert len(ears.stamps) >= BLOCKED_S // REKEY_S
    assert ears.stamps == sorted(set(ears.stamps)), "a time stamp went back"
    assert ears.sent > 1000
    assert ears.sent - ears.answered <= LOSS_MOST * ears.sent
