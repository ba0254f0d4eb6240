# SPDX-License-Identifier: MIT
"""The keys of a session lie in Python's heap, which nobody wipes: whatever way a session ends, its
keys are in no byte of the board's memory afterwards. The memory is read from outside, by QEMU."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.lwip_memory import symbols
from mpremote.transport_serial import SerialTransport

from tests.hil.netif_kit import NetBoard, net_board
from tests.hostile import noise

RESET_MAX_S = 10


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetBoard]:
    with net_board(tmp_path_factory.mktemp("secrets"), peers=1) as made:
        yield made


def where(board: NetBoard, folder: Path, keys: list[bytes]) -> list[str]:
    """The part of the memory that each copy of each key lies in."""
    table, image = symbols(board.elf), folder / "memory.bin"
    start = table["_sstack"]
    for command in ("stop", f'pmemsave {start:#x} {table["_eheap"] - start:#x} "{image}"', "cont"):
        board.qemu._command(command)
    memory, found = image.read_bytes(), []
    for key in keys:
        at = memory.find(key)
        while at >= 0:
            place = start + at
            stack, heap = place < table["_estack"], place >= table["_sheap"]
            found.append("stack" if stack else "heap" if heap else "static")
            at = memory.find(key, at + 1)
    image.unlink()
    return found


def connected_keys(board: NetBoard) -> list[bytes]:
    session = board.connected()[1]
    return [session.send_key, session.receive_key]


def test_down(board: NetBoard, tmp_path: Path) -> None:
    keys = connected_keys(board)
    assert where(board, tmp_path, keys) == ["heap", "heap"]
    board.ask("updown(1)")
    assert where(board, tmp_path, keys) == []


def test_sessions_given_up(board: NetBoard, tmp_path: Path) -> None:
    keys = connected_keys(board)
    board.ask("forget_sessions()")
    assert where(board, tmp_path, keys) == []
    board.ask("updown(1)")


def test_soft_reset_with_the_tunnel_up(board: NetBoard, tmp_path: Path) -> None:
    keys = connected_keys(board)
    line = SerialTransport(board.qemu.port)
    line.enter_raw_repl(soft_reset=True, timeout_overall=10)
    line.exit_raw_repl()
    line.close()
    assert where(board, tmp_path, keys) == []


def test_hard_reset_leaves_nothing_in_the_heap(board: NetBoard, tmp_path: Path) -> None:
    """All of the heap, so that it is not by chance that something was written over."""
    mark = os.urandom(32)
    assert board.run("secrets_probe", f"fill({mark!r})") > 100
    assert len(where(board, tmp_path, [mark])) > 100
    board.qemu.press_reset()
    deadline = time.monotonic() + RESET_MAX_S  # QEMU resets when it has answered
    while where(board, tmp_path, [mark]) and time.monotonic() < deadline:
        time.sleep(0.1)
    board.qemu.wait_prompt()
    assert where(board, tmp_path, [mark]) == []


@pytest.mark.parametrize("how", ["remove", "close", "drop"])
def test_an_interface_that_memory_ran_out_for(board: NetBoard, tmp_path: Path, how: str) -> None:
    state, seed = noise.Symmetric(bytes(32)), os.urandom(32)
    state.mix_key(seed)
    keys = state.split()
    assert board.run("secrets_probe", f"keep_interface({seed!r})") is True
    assert where(board, tmp_path, keys) == ["heap", "heap"]
    board.run("secrets_probe", f"change_interface({how!r})")
    assert where(board, tmp_path, keys) == []
    board.run("secrets_probe", "change_interface('drop')")
