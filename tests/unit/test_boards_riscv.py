# SPDX-License-Identifier: MIT
"""The RP2350's firmware for its RISC-V processors. Nothing emulates them: what can be said of the
files, and what firmware/ports/rp2/riscv.cmake and riscv_tls.c have to see to."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from host_tools.boards import common, rp2, table

pytestmark = [pytest.mark.boards, pytest.mark.slow, pytest.mark.timeout(900)]

EM_RISCV = 243
RVC_SOFT_FLOAT = 1  # e_flags: compressed instructions, and no floating-point registers
# RP2350 data sheet, 5.9.3.1: an item of type 0x42, one word: executable, RISC-V, RP2350.
IMAGE_TYPE = struct.pack("<I", 0x11010142)
BLOCK_START = struct.pack("<I", 0xFFFFDED3)
HEAD_BYTES = 4096  # the boot ROM looks for a block in these


@pytest.fixture(scope="module")
def folder() -> Path:
    board = table.find("rpi_pico2_riscv")
    assert board is not None
    common.fetch_sources(board)
    return rp2.build(board)


def test_the_boot_rom_takes_it_for_risc_v(folder: Path) -> None:
    image = (folder / "firmware.bin").read_bytes()
    assert BLOCK_START + IMAGE_TYPE in image[:HEAD_BYTES]
    block = (folder / "firmware.uf2").read_bytes()[:512]
    assert struct.unpack_from("<I", block, 28)[0] == table.RP2350_RISCV


def test_it_is_linked_for_32_bits(folder: Path) -> None:
    head = (folder / "firmware.elf").read_bytes()[:52]
    assert head[4] == 1 and struct.unpack_from("<H", head, 18)[0] == EM_RISCV
    assert struct.unpack_from("<I", head, 36)[0] == RVC_SOFT_FLOAT


def symbols(elf: Path) -> dict[str, tuple[int, str]]:
    """Address and nm's letter of each."""
    command = [f"{rp2.RISCV_TRIPLE}-nm", str(elf)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    rows = [line.split() for line in said.splitlines()]
    return {row[2]: (int(row[0], 16), row[1]) for row in rows if len(row) == 3}


def test_thread_local_variables_lie_over_no_others(folder: Path) -> None:
    """The linker script's place for them is that of .bss; ours has its own room, and is used."""
    found = symbols(folder / "firmware.elf")
    needed = found["__tls_end"][0] - found["__tls_base"][0]
    assert 0 < needed <= 128
    assert found["runtime_init_pre_core_tls_setup"][1] == "T", "pico-sdk's own is a weak one"
