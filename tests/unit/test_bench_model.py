# SPDX-License-Identifier: MIT
"""The cost model: programs whose cost is known from the manuals, and another emulator's SysTick."""

from __future__ import annotations

import pytest

from bench import build, emulator, rp2040
from bench.emulator import Request
from bench.targets import TARGETS

MICRO = ("bench/guest/micro_arm.S",)

# Cycles from the BLX of the caller to the return, added up by hand. M0+: a BLX and a BX are 2 each.
M0PLUS = {
    "empty": 2 + 2,
    "alu": 2 + 100 + 2,
    "mul": 2 + 100 + 2,
    "loop": 2 + 1 + 10 * 1 + 9 * 2 + 1 + 2,
    "skip": 2 + 1 + 1 + 1 + 2 + 2 + 2,  # not taken, taken, unconditional
    "call": 2 + 1 + 2 * (3 + 2) + 2,
    "push": 2 + (1 + 4) + (1 + 4) + (1 + 2) + (3 + 2),
    "multiple": 2 + 1 + 1 + (1 + 3) + 1 + (1 + 3) + 1 + 2,
    "loads": 2 + 100 * 2 + 2,
    "many_loads": 2 + 1000 * 2 + 2,
    "chain": 2 + 1 + 1 + 2 + 1 + 100 * 2 + 1 + 2,
    "stores": 2 + 1 + 100 * 2 + 1 + 2,
    "address": 2 + 1 + 1 + 50 * (1 + 2) + 2,
    "literal": 2 + 2 + 2 + 1 + 2 + 2,
    "system": 2 + 3 + 3 + 3 + 2,
}
# M4: a taken branch is 1 + P with P = 2; loads in a row overlap by one cycle each; a store is 1.
M4 = {
    "empty": 3 + 3,
    "alu": 3 + 100 + 3,
    "mul": 3 + 100 + 3,
    "loop": 3 + 1 + 10 * 1 + 9 * 3 + 1 + 3,
    "skip": 3 + 1 + 1 + 1 + 3 + 3 + 3,
    "call": 3 + 1 + 2 * (3 + 3) + 3,
    "push": 3 + (1 + 4) + (1 + 4) + (1 + 2) + (1 + 2 + 2),
    "multiple": 3 + 1 + 1 + (1 + 3 + 1) + 1 + (1 + 3 + 1) + 1 + 3,  # + 1: address just made
    "loads": 3 + (100 + 1) + 3,
    "many_loads": 3 + (1000 + 1) + 3,
    "chain": 3 + 1 + 1 + 1 + 1 + 100 * 2 + 1 + 3,
    "stores": 3 + 1 + (1 + 1) + 99 * 1 + 1 + 3,  # the first store's address was just made
    "address": 3 + 1 + 1 + 50 * (1 + 2 + 1) + 3,
    "literal": 3 + 2 + 1 + 1 + 2 + 3,
    "system": 3 + 2 + 2 + 2 + 3,
    "longs": 3 + 300 + 3,
    "umaal": 3 + 100 + 3,
    "unaligned": 3 + 1 + 1 + 1 + (1 + 2) + (1 + 1) + (1 + 1) + 1 + 3,
    "pairs": 3 + 1 + (1 + 2 + 1) + (1 + 2) + 1 + 3,
    "index": 3 + 1 + 1 + 1 + 1 + 2 + 2 + 2 + 1 + 1 + 3,
    "it": 3 + 1 + 1 + 1 + 1 + 3,
    "zero": 3 + 1 + 1 + 3 + 3,
}
# M3: as M4 but for its multiplier, counted at its slowest.
M3 = {name: cycles for name, cycles in M4.items() if name != "umaal"}
M3["longs"] = 3 + 100 * 5 + 100 * 7 + 100 * 2 + 3


@pytest.mark.parametrize(
    ("cpu", "costs"), [("m0plus", M0PLUS), ("m3", M3), ("m4", M4), ("m33", M4)]
)
def test_known_costs(cpu: str, costs: dict[str, int]) -> None:
    """Every micro-benchmark costs what the manual's table adds up to."""
    program = build.program(TARGETS[cpu], "generic32", extra=MICRO, keep=True, label="-micro")
    requests = [Request(program.address(f"micro_{name}") | 1) for name in costs]
    results = emulator.run(program, requests)
    counted = {name: result.cycles for name, result in zip(costs, results, strict=True)}
    assert counted == costs


def test_same_count_twice() -> None:
    """Counts do not depend on the run, nor on what ran before."""
    program = build.program(TARGETS["m4"], "generic32")
    seal, hashed = Request("seal", 64), Request("blake2s", 64)
    first = emulator.run(program, [seal, hashed])
    second = emulator.run(program, [hashed, seal, hashed, seal])
    assert {first[0].cycles} == {second[1].cycles, second[3].cycles}
    assert {first[1].cycles} == {second[0].cycles, second[2].cycles}


# rp2040py 0.3.6 counts one cycle less than the manual for these two; all else agrees.
PUSH_LR, POP_PC = 0xB500, 0xBD00


def _stack_returns(program: build.Program, result: emulator.Result) -> int:
    """How many PUSH with LR and POP with PC were executed."""
    words = program.halfwords()
    return sum(n for at, n, _ in result.profile if words[at] & 0xFF00 in (PUSH_LR, POP_PC))


@pytest.mark.parametrize("core", ["generic32", "chosen"])
def test_against_rp2040py(core: str) -> None:
    """The same program in another emulator, by its SysTick: equal to the cycle, but that rp2040py
    takes one cycle less than the manual for each PUSH with LR and POP with PC (Cortex-M0+ manual,
    table 3-1: 1 + N and 3 + N, N with LR or PC)."""
    requests = [Request("nothing")]
    requests += [Request("seal", 64), Request("open", 64), Request("seal", 131)]
    requests += [Request("blake2s", 128), Request("hkdf", 32)]
    if core == "chosen":
        requests += [Request("x25519", 32)]
    program = build.program(TARGETS["m0plus"], core)
    ours = emulator.run(program, requests, profile=True)
    theirs = rp2040.run(core, requests)
    for request, mine, (cycles, output) in zip(requests, ours, theirs, strict=True):
        assert mine.output == output, request.op
        assert mine.cycles - cycles == _stack_returns(program, mine), request.op
