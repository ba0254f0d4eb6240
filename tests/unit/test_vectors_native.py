# SPDX-License-Identifier: MIT
"""tests/native as pytest cases: on this computer, and on each emulated core through QEMU."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "tests" / "native"
CORES = ("m0plus", "m3", "m4", "m7", "m33", "rv32")
TIMEOUT_S = 280
# Vectors, lengths and the rest, counted on the day they were written: fewer is a mistake.
CASES_MIN = 1758
FIELD_CASES = 43
# In the timer's ticks: 1.28 or 1.6 of them are an instruction, of rv32's counter 64.
SELFTEST_REST_TICKS_MAX = dict.fromkeys(CORES, 600_000) | {"rv32": 600_000 * 64}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-s", "-C", str(NATIVE), f"PYTHON={sys.executable}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)


@cache
def check(target: str) -> tuple[int, list[str], list[str], str]:
    """make's status, the passed cases, the failed ones, and all the rest."""
    done = make("-j2", f"TARGET={target}", "build")
    if done.returncode == 0:
        done = make(f"TARGET={target}", "check")
    lines = done.stdout.splitlines()
    passed = [line[5:] for line in lines if line.startswith("PASS ")]
    failed = [line[5:] for line in lines if line.startswith("FAIL ")]
    return done.returncode, passed, failed, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.slow
@pytest.mark.parametrize("target", ("host", *CORES))
def test_native_suites(target: str) -> None:
    status, passed, failed, output = check(target)
    assert not failed
    assert status == 0, output
    assert len(passed) >= CASES_MIN
    field = sum(name.startswith("field/") for name in passed)
    assert field == FIELD_CASES * (2 if target == "host" else 1)


def test_host_looks_at_secrets_guards_and_wrong_cores() -> None:
    _, passed, _, output = check("host")
    for name in ("secrets/plant_branch", "secrets/plant_index", "secrets/x25519", "secrets/aead"):
        assert passed.count(name) == 3, output  # at -O2, -Os and -O3
    assert sum(name.startswith("guard/") for name in passed) > 600
    assert sum(name.startswith("mutant/") for name in passed) == 10


def test_m0plus_image_traps_and_holds_no_foreign_instruction() -> None:
    _, passed, _, output = check("m0plus")
    assert "unaligned/traps" in passed, output
    objects = [name for name in passed if name.startswith("isa/")]
    assert len([name for name in objects if "_cores_" in name]) == 5, output


def test_instruction_check_finds_an_armv7_object() -> None:
    """check_isa.py must object to what was built for another core."""
    check("m3")
    found = list((ROOT / ".cache/build/native/m3-armv7m-Os").glob("crypto_cores_*.o"))
    assert found
    command = [sys.executable, NATIVE / "check_isa.py", "arm-none-eabi-objdump", found[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout.startswith("FAIL isa/")


@pytest.mark.parametrize("target", CORES)
def test_instruction_counts_do_not_depend_on_secrets(target: str) -> None:
    assert make("-j2", f"TARGET={target}", "build").returncode == 0
    done = make(f"TARGET={target}", "counts")
    counts = {name: int(n) for name, n in re.findall(r"^COUNT (\S+) (\d+)$", done.stdout, re.M)}
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"x25519", "x25519_base", "seal_1420", "open_1420", "kdf2"} <= counts.keys()
    # The self-test is one ladder and little else.
    assert counts["selftest"] - counts["x25519"] < SELFTEST_REST_TICKS_MAX[target]


@pytest.mark.parametrize("arch", ("generic", "own"))
@pytest.mark.parametrize("target", ("host", *CORES))
def test_nothing_stays_on_the_stack_at_o3(target: str, arch: str) -> None:
    """Compilers inline and unroll there what the cores' own wiping has to reach."""
    if arch == "own" and target in ("host", "rv32"):
        return  # that is the generic one
    chosen = () if arch == "own" else ("ARCH=generic",)
    done = make("-j2", f"TARGET={target}", "OPT=-O3", *chosen, "wipe")
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASS wipe/")]
    assert done.returncode == 0 and len(passed) == 8, done.stdout + done.stderr


# One carry each left out, or put wrong, that hardly any random number needs.
LOST_CARRIES = {
    "m0plus armv6m.S": (
        ("    adcs \\h0, \\h2\n    adcs \\h2, \\zero\n", "    adcs \\h0, \\h2\n"),
        ("    adcs r6, r2\n    adcs r7, r2\n    .endm", "    adcs r6, r2\n    .endm"),
        ("    mov r0, r8\n    muls r0, r5, r0\n    adds r3, r3, r0\n", ""),
        ("    mov r0, r9\n    muls r0, r5, r0\n    adds r3, r3, r0\n", ""),
        ("    adds r1, r1, r0\n    adcs r3, r6\n    .endm", "    adds r1, r1, r0\n    .endm"),
        ("    mov r7, r9\n    \\next r7, r1\n", "    mov r7, r9\n"),
        ("    adds r1, r1, r2\n    adcs r4, r6\n    .endm", "    adds r1, r1, r2\n    .endm"),
        ("    adds r1, r1, r4\n    adcs r2, r6\n", "    adds r1, r1, r4\n"),
    ),
    "m4 armv7em.S": (
        ("    adc r8, r8, #0 ", "    nop @"),
        ("    adc r8, r8, r8\n", "    lsl r8, r8, #1\n"),
        ("    adc r9, r9, r9\n    add r8", "    lsl r9, r9, #1\n    add r8"),
        ("    add r11, r11, r10\n", ""),
        ("    sbcs r0, r0, #0\n    str", "    str"),
        ("    sbcs r1, r1, #0\n    sbcs r2", "    sbcs r2"),
        ("    adc lr, lr, lr\n", "    lsl lr, lr, #1\n"),
        ("    adc r9, r9, r9\n    add r0", "    lsl r9, r9, #1\n    add r0"),
    ),
    "host generic32.c": (
        ("r[1] += (low >> 26) + ", "r[1] += "),
        (" + (uint32_t)(carry >> 26) * 19", ""),
        ("a[1] + 2 * FE_MASK(25)", "a[1] + FE_MASK(25)"),
    ),
    "host xtensa.c": (
        ("(sum + high + carry * FE_FOLD)", "(sum + high)"),
        ("    r[1] += first >> FE_BITS << FE_SCALE;\n", ""),
        ("    r[1] += sum >> FE_BITS << FE_SCALE;\n", ""),
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("where", list(LOST_CARRIES))
def test_lost_carries_are_noticed(where: str) -> None:
    """field.h's operations at their edges must find each of them."""
    target, name = where.split()
    source = (ROOT / "firmware/crypto/cores/x25519" / name).read_text(encoding="utf-8")
    planted = ROOT / ".cache/build/native/planted" / name
    planted.parent.mkdir(parents=True, exist_ok=True)
    for right, wrong in LOST_CARRIES[where]:
        assert source.count(right) == 1, right
        planted.write_text(source.replace(right, wrong), encoding="utf-8")
        path = f"PLANTED=../../.cache/build/native/planted/{name}"
        done = make(f"TARGET={target}", path, "planted")
        assert done.returncode and "FAIL field/" in done.stdout, (right, done.stderr)
