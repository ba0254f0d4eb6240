# SPDX-License-Identifier: MIT
"""What the cores cost now, against bench/baseline.json; and the instrument's own answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import build, document, emulator, measure, report
from bench.emulator import Request
from bench.targets import PRESENT, ROOT, TARGETS

FIELDS = {
    "op": str,
    "core": str,
    "cpu": str,
    "bytes": int,
    "cycles": int,
    "instructions": int,
    "code_bytes": int,
    "stack_bytes": int,
    "source": str,
}


@pytest.fixture(scope="module")
def measured() -> tuple[list[measure.Row], list[str]]:
    return measure.everything()


def test_no_regression(measured: tuple[list[measure.Row], list[str]]) -> None:
    """No figure is more than 1 % above the baseline. When that is meant: make bench
    ARGS=--update-baseline, and commit it with the change that explains it."""
    assert list(measure.regressions(measured[0], measure.load_baseline())) == []


def test_chosen_cores_work(measured: tuple[list[measure.Row], list[str]]) -> None:
    """Every core that an architecture's list names gave right answers."""
    chosen = {
        (target.name, Path(name).stem)
        for target in PRESENT.values()
        for name in (target.arch, *build.choice(target, "chosen").values())
    }
    failed = {tuple(line.split(":")[0].split()) for line in measured[1]}
    assert not failed & chosen, measured[1]


def test_json_has_the_agreed_shape(measured: tuple[list[measure.Row], list[str]]) -> None:
    rows = json.loads(report.to_json(measured[0]))
    assert {row["cpu"] for row in rows} == set(PRESENT)
    assert {row["op"] for row in rows} == set(measure.OPERATIONS)
    for row in rows:
        assert {name: type(value) for name, value in row.items()} == FIELDS
        assert row["cycles"] >= row["instructions"] > 0
        assert row["stack_bytes"] > 0 and row["code_bytes"] > 0
    sizes = {(row["op"], row["bytes"]) for row in rows}
    assert {("seal", 64), ("seal", 1420), ("open", 64), ("open", 1420)} <= sizes
    assert {("blake2s", 64), ("blake2s", 128), ("x25519", 32), ("x25519_base", 32)} <= sizes


def test_a_regression_is_found() -> None:
    """One figure 1.1 % worse fails, 0.9 % does not, a missing row fails."""
    row = {"cpu": "m4", "core": "c", "op": "seal", "bytes": 64, "source": "s"}
    row |= {"cycles": 10000, "instructions": 9000, "code_bytes": 2000, "stack_bytes": 400}
    baseline = {measure.key(row): row}
    assert list(measure.regressions([row | {"cycles": 10090}], baseline)) == []
    for figure in measure.TOLERANCE:
        worse = row | {figure: int(row[figure] * 1.011) + 1}
        assert len(list(measure.regressions([worse], baseline))) == 1
    assert len(list(measure.regressions([], baseline))) == 1


def test_document_has_the_figures() -> None:
    """docs/PERFORMANCE.md says what the baseline says; --update-baseline writes both."""
    assert document.is_current()


@pytest.mark.parametrize("seed", [0, 0xFFFFFFFF, 1, 2463534242])
def test_answers_are_checked(seed: int) -> None:
    """The guest's messages are what answers.py thinks they are: a keyed hash of them agrees."""
    from bench import answers

    program = build.program(TARGETS["m4"], "generic32")
    requests = [Request("blake2s_keyed", 333, seed=seed), Request("seal", 77, seed=seed)]
    for request, result in zip(requests, emulator.run(program, requests), strict=True):
        assert result.output == answers.expected(request)


def test_registers_are_kept() -> None:
    """AAPCS: r4-r11 and sp come back as they were, from every operation of every core."""
    requests = [Request(op, 64) for op in measure.OPERATIONS]
    for target in PRESENT.values():
        if not target.prefix.startswith("arm"):
            continue
        for result in emulator.run(build.program(target, "chosen"), requests):
            assert set(result.registers[4:12]) == {0x44444444}


def run_py(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "bench/run.py", *arguments],
        cwd=ROOT,
        env=dict(os.environ, COLUMNS="100"),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_profile_by_function() -> None:
    """The functions' cycles add up to the whole."""
    done = run_py("--cpu", "m4", "--op", "x25519", "--core", "generic32")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    total = int(lines[1].split()[1].replace(",", ""))
    start = next(i for i, line in enumerate(lines) if line.split()[0] == "function")
    assert sum(int(line.split()[2].replace(",", "")) for line in lines[start + 1 :]) == total


def test_bad_core_is_one_clear_line() -> None:
    done = run_py("--cpu", "m4", "--op", "x25519", "--core", "nonsense")
    assert done.returncode == 1
    assert done.stderr.startswith("bench: no core is called nonsense")
    assert len(done.stderr.splitlines()) == 1


def test_message_that_does_not_fit() -> None:
    done = run_py("--cpu", "m4", "--op", "seal", "--bytes", "99999")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
