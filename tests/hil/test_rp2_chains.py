# SPDX-License-Identifier: MIT
"""The Raspberry Pi Pico with lwIP as MicroPython's rp2 port has it: segments of 800 bytes, a heap
of 8000, and pool buffers of 876, so that a full-size WireGuard datagram is a chain of pbufs.

Our firmware has larger buffers (firmware/ports/rp2/lwip_inc), so this one is built for the test.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo import steps
from demo.pico import PicoRig

from host_tools.boards import common, rp2, table

pytestmark = [pytest.mark.boards, pytest.mark.slow, pytest.mark.timeout(1500)]

STOCK_HEAP_BYTES = 8000 + 19  # lwIP adds two headers and the alignment
POOL_BUFFER_BYTES = 876
INNER_BYTES = 1420
PING_HEAD_BYTES = 28  # IPv4 and ICMP
OUTER_BYTES = INNER_BYTES + 32  # padding ends at the MTU
SMALL_PING_BYTES = 56
PINGS = 3


@pytest.fixture(scope="module")
def image() -> Path:
    """The UF2, beside the board's own; a second run builds only what has changed."""
    board = table.find("rpi_pico")
    assert board is not None
    common.fetch_sources(board)
    folder = common.build_folder(board).with_name("rpi_pico_stock_lwip")
    return rp2.build(board, folder, {"WG_STOCK_LWIP": "1"}) / "firmware.uf2"


@pytest.fixture(scope="module")
def board(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PicoRig]:
    """Provisioned, its link and its tunnel up."""
    with PicoRig(tmp_path_factory.mktemp("chains"), image=image) as rig:
        steps.provision(rig, steps.quiet)
        rig.known_at = time.time()
        rig.install_uplink()
        steps.handshake(rig, steps.quiet)
        yield rig


def size_of(elf: Path, symbol: str) -> int:
    """Bytes that a variable takes."""
    command = ["arm-none-eabi-nm", "-S", str(elf)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return next(int(row[1], 16) for row in map(str.split, said.splitlines()) if row[-1] == symbol)


def arrivals(rig: PicoRig, inner_bytes: int, count: int) -> list[tuple[int, int]]:
    """Where each datagram lay that was opened while so many pings came, and its length."""
    rig.board.watch([rig.symbol("wg_path_input") & ~1], [1, 2])
    size = inner_bytes - PING_HEAD_BYTES
    ping = rig.server.ping(steps.BOARD_ADDRESS, count, bytes=size, wait_ms=90_000)
    calls = rig.board.watched()
    steps.require_answers(f"pings of {inner_bytes} bytes", ping)
    return [(at, length) for _, _, at, length in calls]


def counters(rig: PicoRig) -> tuple[int, dict[str, int]]:
    """What the board has counted as delivered, and as lost or refused, by reason."""
    counted = rig.show()["counters"]
    lost = ("drop_", "tx_no", "tx_error", "staged_")
    return counted["rx_data"], {name: n for name, n in counted.items() if name.startswith(lost)}


def test_memory_is_the_ports_own(board: PicoRig) -> None:
    assert size_of(board.elf, "ram_heap") == STOCK_HEAP_BYTES
    assert size_of(board.elf, "memp_memory_PBUF_POOL_base") < 16 * (POOL_BUFFER_BYTES + 20)


def test_full_size_datagrams_come_as_chains(board: PicoRig) -> None:
    """Gathered in the one buffer for that, opened there, and answered with the same bytes."""
    received, lost = counters(board)
    buffer = board.symbol("wg_message_buffer")
    full = [at for at, size in arrivals(board, INNER_BYTES, PINGS) if size == OUTER_BYTES]
    assert full == [buffer] * PINGS
    small = arrivals(board, SMALL_PING_BYTES + PING_HEAD_BYTES, PINGS)
    assert len(small) == PINGS and all(at != buffer for at, _ in small)
    assert counters(board) == (received + len(full) + len(small), lost)


def test_64_kib_to_the_board(board: PicoRig) -> None:
    """Each segment of 800 bytes comes as a chain. The other way lwIP's little heap is the limit:
    firmware/ports/rp2/README.md."""
    steps.tcp_to_board(board)


def test_full_size_datagrams_afterwards(board: PicoRig) -> None:
    """No buffer of the pool has been lost on the way."""
    size = INNER_BYTES - PING_HEAD_BYTES
    steps.require_answers("full-size pings", steps.ping_board(board, board.server, bytes=size))
