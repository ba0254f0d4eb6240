# SPDX-License-Identifier: MIT
"""Runs requests in the emulator and gathers what the plugin and the guest say."""

from __future__ import annotations

import bisect
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .build import BenchError, Program, command, plugin

# The numbers of guest/driver.h.
OPS = {
    "nothing": 0,
    "x25519": 1,
    "x25519_base": 2,
    "seal": 3,
    "open": 4,
    "blake2s": 5,
    "blake2s_keyed": 6,
    "hkdf": 7,
    "selftest": 8,
    "forged": 9,
}
REQUESTS_MAX = 512
MESSAGE_BYTES_MAX = 2048


@dataclass(frozen=True)
class Request:
    """One call. op: a name of OPS, or the address of a function of the guest; memory: whether the
    result has all of the emulated RAM."""

    op: str | int
    length: int = 0
    secret: bytes = bytes(range(7, 39))
    input: bytes = bytes([9]) + bytes(31)
    seed: int = 2463534242
    memory: bool = False

    def pack(self) -> bytes:
        number = OPS[self.op] if isinstance(self.op, str) else self.op
        return struct.pack(
            "<4I32s32s", number, self.length, self.seed, self.memory, self.secret, self.input
        )


@dataclass
class Result:
    """What one call cost and left behind. `code` and `data` are hashes of the addresses executed
    and of those loaded and stored."""

    cycles: int
    instructions: int
    code: str
    data: str
    classes: dict[str, int]
    verdict: int
    stack: int
    output: bytes
    registers: tuple[int, ...]
    residue: bytes
    profile: list[tuple[int, int, int]] = field(default_factory=list)
    memory: dict[int, bytes] = field(default_factory=dict)


def _hex(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def _region(words: list[str]) -> dict[str, object]:
    pairs = dict(zip(words[2:10:2], words[3:10:2], strict=True))
    classes = {name: int(count) for name, count in (w.split("=") for w in words[10:])}
    return {
        "cycles": int(pairs["cycles"]),
        "instructions": int(pairs["instructions"]),
        "code": pairs["code"],
        "data": pairs["data"],
        "classes": classes,
    }


def _answer(words: list[str]) -> dict[str, object]:
    registers = _hex(words[5])
    return {
        "verdict": int(words[2], 16),
        "stack": int(words[3], 16),
        "output": _hex(words[4]),
        "registers": struct.unpack(f"<{len(registers) // 4}I", registers),
        "residue": _hex(words[6]),
    }


def result_lines(text: str) -> list[list[str]]:
    """The words of each RESULT line that the guest printed."""
    return [line.split() for line in text.splitlines() if line.startswith("RESULT")]


def _memories(text: str) -> list[dict[int, bytes]]:
    """After each RESULT line, what RAM held that was not zero: address to bytes."""
    found: list[dict[int, bytes]] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["RESULT"]:
            found.append({})
        elif words[:1] == ["MEMORY"]:
            found[-1][int(words[1], 16)] = bytes.fromhex(words[2])
    return found


def _collect(counts: str, answers: str) -> list[Result]:
    regions, profiles = [], []
    for line in counts.splitlines():
        words = line.split()
        if words[0] == "region":
            regions.append(_region(words))
            profiles.append([])
        elif words[0] == "at":
            profiles[-1].append((int(words[1], 16), int(words[3]), int(words[5])))
    return [
        Result(**region, **_answer(line), profile=profile, memory=memory)  # type: ignore[arg-type]
        for region, line, profile, memory in zip(
            regions, result_lines(answers), profiles, _memories(answers), strict=True
        )
    ]


def run(program: Program, requests: Sequence[Request], profile: bool = False) -> list[Result]:
    """The results, in the order of the requests. Raises BenchError when the guest crashed."""
    if len(requests) > REQUESTS_MAX:
        raise BenchError(f"{len(requests)} requests, at most {REQUESTS_MAX} fit in one run")
    if not all(0 <= request.length <= MESSAGE_BYTES_MAX for request in requests):
        raise BenchError(f"a message has at most {MESSAGE_BYTES_MAX} bytes")
    target = program.target
    with tempfile.TemporaryDirectory(prefix="wg-bench-") as name:
        wanted, counts = Path(name, "requests.bin"), Path(name, "counts.txt")
        head = Request("nothing").pack()
        head = struct.pack("<I", len(requests)) + head[4:]
        wanted.write_bytes(head + b"".join(request.pack() for request in requests))
        options = f"{plugin()},cpu={target.model},out={counts},profile={'on' if profile else 'off'}"
        for word in ("start", "stop"):
            options += f",{word}={program.address(f'bench_{word}'):#x}"
        for word, symbol in zip(("skip", "until"), target.uncounted, strict=False):
            options += f",{word}={program.address(symbol):#x}"
        loader = f"loader,file={wanted},addr={target.requests_address:#x},force-raw=on"
        answers = command(
            [*target.qemu, "-nographic", "-monitor", "none", "-serial", "none"]
            + ["-kernel", program.elf, "-device", loader, "-plugin", options]
        )
        results = _collect(counts.read_text(), answers)
    if len(results) != len(requests) or "FAIL" in answers:
        raise BenchError(f"{program.elf.parent.name}: the guest answered {answers[-300:]!r}")
    return results


def by_function(program: Program, result: Result) -> list[tuple[str, int, int]]:
    """(function, instructions, cycles), dearest first."""
    symbols = [entry for entry in program.nm() if not entry[2].startswith("$")]
    starts = [address for address, _, _ in symbols]
    sums: dict[str, list[int]] = {}
    for address, executed, cycles in result.profile:
        at = bisect.bisect_right(starts, address) - 1
        entry = sums.setdefault(symbols[at][2] if at >= 0 else "?", [0, 0])
        entry[0] += executed
        entry[1] += cycles
    rows = [(name, executed, cycles) for name, (executed, cycles) in sums.items()]
    return sorted(rows, key=lambda row: -row[2])
