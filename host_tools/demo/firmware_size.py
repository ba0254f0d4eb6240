# SPDX-License-Identifier: MIT
"""Flash and RAM of a firmware and of our module in it, from the ELF file and the linker's map."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SIZE_TIMEOUT_S = 30
MAP_MARKER = "Linker script and memory map"
# " .text.name  0xaddress 0xsize file.o"; a long section name has the rest on the next line.
MAP_LINE = re.compile(r"^ (\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*\.o)$", re.MULTILINE)

FLASH_SECTIONS = (".boot2", ".text", ".rodata", ".data", ".ARM", ".binary_info")
# Heap and stack are what is left.
RAM_SECTIONS = (".data", ".bss", ".noinit", ".ram_vector_table", "COMMON")
OUR_OBJECTS = re.compile(r"/(crypto|session|netif|binding)/([a-z0-9_]+/)*[a-z0-9_]+(\.[cS])?\.o$")
FROZEN = ("/frozen_content.o", "/frozen_content.c.o")
OUR_FROZEN = re.compile(r"_wireguard_")


@dataclass(frozen=True)
class Size:
    flash_bytes: int
    ram_bytes: int


def total(elf: Path) -> Size:
    """What arm-none-eabi-size says of the whole firmware."""
    command = ["arm-none-eabi-size", "-A", str(elf)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SIZE_TIMEOUT_S, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    return summed((row[0], int(row[1])) for row in rows if len(row) == 3 and row[1].isdigit())


def module(elf: Path) -> Size:
    """Our part of it: C, assembler and frozen Python, as the linker kept it."""
    maps = [elf.with_suffix(".map"), elf.with_suffix(".elf.map")]  # ours; cmake's on rp2
    text = next(path for path in maps if path.is_file()).read_text()
    return summed(our_sections(text[text.index(MAP_MARKER) :]))


def our_sections(text: str) -> Iterator[tuple[str, int]]:
    for name, size, file in MAP_LINE.findall(text):
        frozen = file.endswith(FROZEN) and OUR_FROZEN.search(name)
        if frozen or OUR_OBJECTS.search(file):
            yield name, int(size, 16)


def summed(sections: Iterator[tuple[str, int]]) -> Size:
    flash_bytes = ram_bytes = 0
    for name, size in sections:
        flash_bytes += size if name.startswith(FLASH_SECTIONS) else 0
        ram_bytes += size if name.startswith(RAM_SECTIONS) else 0
    return Size(flash_bytes, ram_bytes)
