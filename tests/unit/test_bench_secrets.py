# SPDX-License-Identifier: MIT
"""Constant time, constant address, nothing left behind: of the machine code that runs, emulated."""

from __future__ import annotations

import os

import pytest

from bench import build, constant_time, wipe
from bench.targets import PRESENT, TARGETS

# On each processor the generic core, and those its architecture's list names where they differ.
# Those of Xtensa belong to `make test-xtensa`, as its MULUH is emulated slowly; its generic core is
# not meant to pass: compilers make the carries of its 64-bit sums with branches.
XTENSA = [("xtensa", "chosen"), ("xtensa", "small")] if "WG_TEST_XTENSA" in os.environ else []
CHOICES = [
    (target.name, core)
    for target in PRESENT.values()
    for core in ("generic32", "chosen")
    if core == "generic32" or build.choice(target, core) != build.choice(target, "generic32")
    if target.name != "xtensa"
] + XTENSA
PLANTED = "tests/unit/test_bench_planted"


def program_with(name: str, cpu: str = "m4") -> build.Program:
    """The generic program, but for a core of X25519 with something planted in it."""
    replace = {"x25519": f"{PLANTED}/{name}.c"}
    return build.program(TARGETS[cpu], "generic32", label=f"-{name}", replace=replace)


@pytest.mark.parametrize(("cpu", "core"), CHOICES)
def test_constant_time(cpu: str, core: str) -> None:
    """The same instructions and the same addresses for at least 64 secrets, edge cases among them,
    and the right answers."""
    unequal, varying = constant_time.check(build.program(TARGETS[cpu], core))
    assert unequal == []
    assert varying == []


def test_enough_secrets() -> None:
    assert len(set(constant_time.secrets())) >= 64
    assert all(len(requests) >= 16 for _, requests in constant_time.batches())


@pytest.mark.parametrize("cpu", ["m0plus", "m4"])
@pytest.mark.parametrize(
    ("name", "kind"), [("branch", "code"), ("load", "data"), ("store", "data")]
)
def test_planted_dependence_is_found(cpu: str, name: str, kind: str) -> None:
    """A branch, a load's and a store's address that depend on the scalar."""
    unequal, _ = constant_time.check(program_with(name, cpu), only="x25519")
    assert any(
        line.startswith("x25519:") and f"different {kind} traces" in line for line in unequal
    )


@pytest.mark.parametrize(("cpu", "core"), CHOICES)
def test_nothing_left_behind(cpu: str, core: str) -> None:
    """Neither registers nor any of the emulated memory hold key material after the return."""
    assert wipe.check(build.program(TARGETS[cpu], core), wipe.LEAK_BYTES) == []


@pytest.mark.parametrize("name", ["leak", "static_leak"])
def test_planted_leak_is_found(name: str) -> None:
    found = wipe.check(program_with(name), wipe.LEAK_BYTES, only="x25519")
    assert any("secret" in line or "scalar" in line for line in found)
