# SPDX-License-Identifier: MIT
"""What the crypto costs an RP2040, in rp2040py: every core of the processor in SRAM by SysTick, to
the cycle; and the functions as they lie in the UF2's flash, called by MicroPython.

rp2040py models no flash cache: for it flash is as fast as SRAM.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demo import board_script, pico
from demo.pico import PicoRig

from bench import build, emulator, rp2040
from bench.emulator import Request
from bench.targets import TARGETS

pytestmark = [pytest.mark.boards, pytest.mark.timeout(900)]

# rp2040py counts one cycle less than the manual for each of these (docs/PERFORMANCE.md).
PUSH_LR, POP_PC = 0xB500, 0xBD00
REQUESTS = [
    Request("x25519", 32),
    Request("x25519_base", 32),
    Request("seal", 64),
    Request("seal", 1420),
    Request("open", 64),
    Request("open", 1420),
    Request("blake2s", 64),
    Request("blake2s", 128),
    Request("blake2s", 1024),
    Request("hkdf", 32),
]
# The compiler may inline and place otherwise in the firmware, and memcpy is another there.
IN_FIRMWARE_MAX = 0.03
LARGE_BYTES = 1420

# Interrupts are off, so that the counts are those of the functions alone.
CALLS = """
import _wireguard as w, machine
key = w.PrivateKey.generate()
public = key.public_key()
state = w.SymmetricState(public)
large = bytes(1420)
off = machine.disable_irq()
key.public_key()
state.mix_dh(key, public)
sealed = w.xaead_seal(bytes(32), bytes(24), large, b"")
opened = w.xaead_open(bytes(32), bytes(24), sealed, b"")
w.blake2s(bytes(128))
machine.enable_irq(off)
assert opened == large
"""


def stack_returns(program: build.Program, result: emulator.Result) -> int:
    """How many PUSH with LR and POP with PC were executed."""
    words = program.halfwords()
    return sum(n for at, n, _ in result.profile if words[at] & 0xFF00 in (PUSH_LR, POP_PC))


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: f"{r.op}-{r.length}")
def test_each_core_of_the_processor_in_sram(request_: Request) -> None:
    """Equal to bench's model to the cycle, apart from those two instructions."""
    program = build.program(TARGETS["m0plus"], "chosen")
    (ours,) = emulator.run(program, [request_], profile=True)
    ((cycles, output),) = rp2040.run("chosen", [request_])
    print(f"{request_.op} {request_.length}: {ours.cycles} by the model, {cycles} by rp2040py")
    assert ours.output == output
    assert ours.cycles - cycles == stack_returns(program, ours)


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PicoRig]:
    if not pico.uf2().is_file():
        pytest.fail(f"{pico.uf2()} is missing: run `make {pico.ENV}`")
    with PicoRig(tmp_path_factory.mktemp("cycles")) as rig:
        rig.boot()
        yield rig


def test_in_the_firmware(booted: PicoRig) -> None:
    """Called from Python on the real UF2: within a few hundredths of the same model."""
    expected = {
        "wg_x25519_base": Request("x25519_base", 32),
        "wg_x25519": Request("x25519", 32),
        "wg_aead_seal_nonce": Request("seal", LARGE_BYTES),
        "wg_aead_open_nonce": Request("open", LARGE_BYTES),
        "wg_blake2s": Request("blake2s", 128),
    }
    symbols = booted.symbols()
    names = {symbols[name] & ~1: name for name in expected}
    booted.board.watch(list(names))
    board_script.execute(booted.board.port, CALLS, 60.0 * booted.patience)
    counts = {names[at]: cycles for at, cycles in booted.board.watched()}  # the last of each
    program = build.program(TARGETS["m0plus"], "chosen")
    for name, asked in expected.items():
        (model,) = emulator.run(program, [asked])
        print(f"{name}: {counts[name]} in the firmware, {model.cycles} by the model")
        assert abs(counts[name] - model.cycles) <= IN_FIRMWARE_MAX * model.cycles, name
