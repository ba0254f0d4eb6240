# SPDX-License-Identifier: MIT
"""A second opinion on the Cortex-M0+: the same guest in rp2040py, an emulator by others of the
RP2040, timed by the SysTick that it emulates. It models no flash cache; here all is in SRAM."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence
from typing import Any

from .build import BenchError, Program, program
from .emulator import Request, result_lines
from .targets import TARGETS

SRAM = 0x20000000
RAM = 0x20020000
STACK_TOP = 0x20040000
REQUESTS = 0x20038000
SYST_CVR = 0xE000E018
SYST_PERIOD = 1 << 24
CYCLE_NS = 8  # 125 MHz
PC, LR, SP = 15, 14, 13
RETURN_ADDRESS = 0x2003FF00
SYS_WRITE0 = 4
TEXT_BYTES_MAX = 256
CYCLES_MAX = 40_000_000

TARGET = dataclasses.replace(
    TARGETS["m0plus"], name="rp2040", code_base=SRAM, ram_base=RAM, requests=REQUESTS
)


def guest(core: str) -> Program:
    """The guest of emulator.py, linked for the RP2040's memory."""
    return program(TARGET, core)


def _sections(elf: bytes) -> list[tuple[int, bytes]]:
    """(address, content) of what an ELF file loads."""
    start, size, count = struct.unpack_from("<I", elf, 28)[0], *struct.unpack_from("<HH", elf, 42)
    found = []
    for i in range(count):
        kind, offset, _, address, length = struct.unpack_from("<5I", elf, start + i * size)
        if kind == 1 and length:
            found.append((address, elf[offset : offset + length]))
    return found


class Chip:
    """One RP2040 with a guest in its SRAM, set to begin at the guest's main()."""

    def __init__(self, guest: Program) -> None:
        try:
            from rp2040py import RP2040  # type: ignore[import-not-found]
        except ImportError:
            raise BenchError("rp2040py is missing: run make setup") from None
        self.chip: Any = RP2040()
        self.chip.on_break = self._on_break
        self.text = ""
        for address, content in _sections(guest.elf.read_bytes()):
            self.write(address, content)
        self.registers = self.chip.core.registers
        self.registers[SP] = STACK_TOP
        self.registers[LR] = RETURN_ADDRESS | 1
        self.registers[PC] = guest.address("main")
        self.chip.write_uint32(0xE000E010, 5)

    def write(self, address: int, content: bytes) -> None:
        self.chip.sram[address - SRAM : address - SRAM + len(content)] = content

    def _on_break(self, _code: int) -> None:
        """Semihosting: the guest prints a string."""
        if self.registers[0] == SYS_WRITE0:
            start = self.registers[1] - SRAM
            piece = bytes(self.chip.sram[start : start + TEXT_BYTES_MAX])
            self.text += piece.partition(b"\0")[0].decode()

    def systick(self) -> int:
        return int(self.chip.read_uint32(SYST_CVR))

    def run_to(self, address: int) -> int:
        """Execute up to that address; cycles by the emulated SysTick, -1 when main() has ended."""
        core, clock = self.chip.core, self.chip.clock
        before, cycles = self.systick(), 0
        while self.registers[PC] != address:
            spent = core.execute_instruction()
            clock.tick(spent * CYCLE_NS)
            cycles += spent
            if self.registers[PC] == RETURN_ADDRESS:
                return -1
            if cycles > CYCLES_MAX:
                raise BenchError(f"rp2040py: still running after {cycles} cycles")
        ticks = (before - self.systick()) % SYST_PERIOD
        return ticks + (cycles - ticks) // SYST_PERIOD * SYST_PERIOD


def run(core: str, requests: Sequence[Request]) -> list[tuple[int, bytes]]:
    """(cycles, output) of each request."""
    built = guest(core)
    chip = Chip(built)
    head = struct.pack("<I", len(requests)) + bytes(76)
    chip.write(REQUESTS, head + b"".join(request.pack() for request in requests))
    start, stop = built.address("bench_start"), built.address("bench_stop")
    counts = []
    while chip.run_to(start) >= 0:
        counts.append(chip.run_to(stop))
    outputs = [bytes.fromhex(words[4].strip("-")) for words in result_lines(chip.text)]
    return list(zip(counts, outputs, strict=True))
