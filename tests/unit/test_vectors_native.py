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
CASES_MIN = 1680
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
