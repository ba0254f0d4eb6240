# SPDX-License-Identifier: MIT
"""The Raspberry Pi Pico's real UF2 in rp2040py: provisioned over its USB serial port, its uplink
network.PPP on UART0, its tunnel to wireguard-go. In order: each case goes on from the one before.

The emulator runs 15 times slower than the chip, so times say nothing about a board.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time
from collections.abc import Iterator

import pytest
from demo import board_script, pico, pico_steps, steps
from demo.pico import PicoRig

pytestmark = [pytest.mark.boards, pytest.mark.timeout(900)]

FAMILY_RP2040 = 0xE48BFF56
UF2_BLOCK_BYTES = 512
FLASH = 0x10000000
INNER_BYTES = 1420
PING_HEAD_BYTES = 28  # IPv4 and ICMP
DATA_OVERHEAD_BYTES = 32


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PicoRig]:
    if not pico.uf2().is_file():
        pytest.fail(f"{pico.uf2()} is missing: run `make {pico.ENV}`")
    with PicoRig(tmp_path_factory.mktemp("pico")) as rig:
        yield rig


def run(rig: PicoRig, code: str) -> str:
    """What the code prints."""
    return board_script.execute(rig.board.port, code, 60.0)


def test_provision(board: PicoRig) -> None:
    """Boots; then wgprov over USB: no secret is printed, and all agree about the key."""
    steps.provision(board, steps.quiet)


def test_the_file_is_one_that_the_drive_takes(board: PicoRig) -> None:
    """Each block of the UF2 is for the RP2040, and the bytes in flash are the firmware's."""
    data = pico.uf2().read_bytes()
    assert len(data) % UF2_BLOCK_BYTES == 0
    count = len(data) // UF2_BLOCK_BYTES
    for i in range(count):
        block = data[i * UF2_BLOCK_BYTES :][:UF2_BLOCK_BYTES]
        head = struct.unpack_from("<8I", block)
        assert (head[0], head[1]) == (0x0A324655, 0x9E5D5157) and head[5:7] == (i, count)
        assert head[7] == FAMILY_RP2040
    first = board.board.words(FLASH, 64)
    assert struct.pack("<64I", *first) == data[32 : 32 + 256]


def test_it_knows_itself(board: PicoRig) -> None:
    name = run(board, "import os; print(os.uname().machine)")
    assert name.strip() == "Raspberry Pi Pico with RP2040"


def test_ppp_takes_the_lock_that_micropython_forgets(board: PicoRig) -> None:
    """firmware/ports/rp2/ppp_lock.c: network.PPP's calls into lwIP go through it."""
    for caller, callee in (
        ("network_ppp_poll", "pppos_input"),
        ("network_ppp_connect", "ppp_connect"),
    ):
        command = ["arm-none-eabi-objdump", "-d", f"--disassemble={caller}", str(board.elf)]
        code = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True
        ).stdout
        assert f"__wrap_{callee}" in code and f"<{callee}>" not in code


def test_its_crypto_computes_right_with_the_cores_of_its_processor(board: PicoRig) -> None:
    said = run(board, "import wireguard; print(wireguard.selftest())")
    assert said.count("armv6m") >= 4 and "failed" not in said


def test_configuration_survives_power_off(board: PicoRig) -> None:
    """Keys and configuration are in littlefs; the emulator starts anew from UF2 and flash."""
    board.restart()
    board.board.wait_prompt(pico.PROMPT_TIMEOUT_S)
    shown = board.wgprov("show")
    for needed in (f"public key: {board.board_key}", "interface: wg0", board.server.public_key):
        assert needed in shown


def test_uplink_by_ppp(board: PicoRig) -> None:
    """main.py is examples/ppp_uplink.py; the tunnel has been started before it runs."""
    board.known_at = time.time()
    board.install_uplink()
    address = run(board, "import network; print(ppp.ipconfig('addr4'))")
    assert board.network_address in address


def test_handshake_and_pings(board: PicoRig) -> None:
    steps.handshake(board, steps.quiet)


def test_full_size_datagrams(board: PicoRig) -> None:
    """1,420 bytes inside, 1,452 outside. One buffer of lwIP's pool holds them here: what opens the
    packet is given the buffer itself, not a copy."""
    symbols = board.symbols()
    board.board.watch([symbols["wg_path_input"] & ~1], [1, 2])
    size = INNER_BYTES - PING_HEAD_BYTES
    ping = board.server.ping(steps.BOARD_ADDRESS, 3, bytes=size, wait_ms=20_000)
    calls = board.board.watched()
    steps.require_answers("full-size pings", ping)
    data = [(at, size) for _, _, at, size in calls if size >= INNER_BYTES + DATA_OVERHEAD_BYTES]
    assert len(data) >= 3
    assert all(at != symbols["wg_message_buffer"] for at, _ in data)
    steps.require_answers("ten more", steps.ping_board(board, board.server, bytes=size))


def test_64_kib_each_way(board: PicoRig) -> None:
    pico_steps.transfers(board, steps.quiet)


def test_reset(board: PicoRig) -> None:
    """machine.reset(): PPP again, the tunnel again, the same key; no clock, yet no replay."""
    pico_steps.board_reset(board, steps.quiet)


def test_reset_button(board: PicoRig) -> None:
    """Whoever used the port last has left a Ctrl-C on its way: it must not stop main.py."""
    before = time.time()
    with board.board.open() as line:
        os.write(line, b"\x03")
        board.board.press_reset()
    board.wait_handshake(before, steps.RESET_TIMEOUT_S)


def test_rekey(board: PicoRig) -> None:
    """Two minutes of the board's own time, by its own timers."""
    pico_steps.rekey(board, steps.quiet)


def test_show(board: PicoRig) -> None:
    steps.show(board, steps.quiet)


def test_the_line_lost_nothing(board: PicoRig) -> None:
    steps.captured(board, steps.quiet)
    assert board.network.counters["bad frames"] == 0
