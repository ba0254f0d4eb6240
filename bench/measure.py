# SPDX-License-Identifier: MIT
"""The table: every operation, with every core, on every processor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from . import answers, build, emulator
from .build import BenchError, Program, command
from .emulator import Request
from .targets import PRESENT, ROOT, TARGETS, Target

BASELINE = ROOT / "bench" / "baseline.json"
JOBS = 2

# Operation: the sizes of its message in bytes, the algorithms in it, and its files beside cores.
OPERATIONS: dict[str, tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]] = {
    "x25519": ((32,), ("x25519",), ("x25519.c",)),
    "x25519_base": ((32,), ("x25519",), ("x25519.c",)),
    "seal": (
        (64, 1420),
        ("chacha20", "poly1305", "chacha20poly1305"),
        ("aead.c", "chacha20.c", "poly1305.c"),
    ),
    "open": (
        (64, 1420),
        ("chacha20", "poly1305", "chacha20poly1305"),
        ("aead.c", "chacha20.c", "poly1305.c"),
    ),
    "blake2s": ((64, 128, 1024), ("blake2s",), ("blake2s.c",)),
    "hkdf": ((32,), ("blake2s",), ("blake2s.c", "hkdf.c")),
}

Row = dict[str, Any]


@cache
def tools(target: Target, core: str) -> str:
    """Compiler and emulator, as the row's source names them."""
    compiler = command([f"{target.prefix}gcc", "-dumpfullversion"]).strip()
    emulated = command([target.qemu[0], "--version"]).split()[3]
    return f"gcc {compiler} {build.optimization(core)}, QEMU {emulated}"


def cores_of(target: Target, op: str) -> list[str]:
    """The cores with which op differs: the generic one for speed and for size, and those that an
    algorithm of it has; or its architecture's mixture."""
    algorithms = OPERATIONS[op][1]
    return [
        core
        for core in (*target.cores, "small")
        if core in ("generic32", "small", target.arch)
        or any(core in build.available(name) for name in algorithms)
    ]


def _row(program: Program, core: str, request: Request, result: emulator.Result) -> Row:
    op = str(request.op)
    if result.output != answers.expected(request):
        raise BenchError(f"{program.target.name} {op} {request.length} by {core}: wrong answer")
    _, algorithms, files = OPERATIONS[op]
    cores = [program.cores[name] for name in algorithms]
    return {
        "op": op,
        "core": core,
        "cpu": program.target.name,
        "bytes": request.length,
        "cycles": result.cycles,
        "instructions": result.instructions,
        "code_bytes": program.code_bytes([*files, *cores]),
        "stack_bytes": result.stack,
        "source": f"bench/run.py: {tools(program.target, core)}",
    }


def measure(target: Target, core: str, ops: Iterable[str] = OPERATIONS) -> list[Row]:
    """The rows of one processor and core. Raises BenchError when an answer is wrong."""
    wanted = [op for op in ops if core in cores_of(target, op)]
    requests = [Request(op, size) for op in wanted for size in OPERATIONS[op][0]]
    if not requests:
        return []
    program = build.program(target, core)
    results = emulator.run(program, requests)
    return [_row(program, core, *pair) for pair in zip(requests, results, strict=True)]


def _attempt(job: tuple[Target, str]) -> tuple[list[Row], str]:
    """The rows, or why there are none: one broken core does not hide the others."""
    target, core = job
    try:
        return measure(target, core), ""
    except BenchError as error:
        return [], f"{target.name} {core}: {error}"


def everything(targets: Iterable[str] = tuple(PRESENT)) -> tuple[list[Row], list[str]]:
    """All rows, by processor, core and operation; and a line for each core that failed."""
    build.plugin()
    jobs = [(TARGETS[name], core) for name in targets for core in (*TARGETS[name].cores, "small")]
    with ThreadPoolExecutor(JOBS) as pool:
        done = list(pool.map(_attempt, jobs))
    return [row for rows, _ in done for row in rows], [text for _, text in done if text]


def key(row: Row) -> str:
    return f"{row['cpu']} {row['core']} {row['op']} {row['bytes']}"


def accepted_elsewhere() -> list[Row]:
    """The baseline's rows of processors whose compiler this machine lacks."""
    absent = set(TARGETS) - set(PRESENT)
    return [row for row in load_baseline().values() if row["cpu"] in absent]


def load_baseline() -> dict[str, Row]:
    """What was measured when the baseline was last accepted, by key()."""
    return {key(row): row for row in json.loads(BASELINE.read_text())}


# A figure may grow by this much over the baseline; by more when another compiler made the code.
TOLERANCE = {"cycles": 0.01, "instructions": 0.01, "code_bytes": 0.01, "stack_bytes": 0.01}
OTHER_COMPILER = 0.15


def regressions(rows: Iterable[Row], baseline: dict[str, Row]) -> Iterator[str]:
    """A line for each figure that is worse than the baseline allows, and for each row gone."""
    seen = {key(row): row for row in rows}
    for name, old in baseline.items():
        new = seen.get(name)
        if new is None and old["cpu"] in TARGETS and old["cpu"] not in PRESENT:
            continue
        if new is None:
            yield f"{name}: is in the baseline and was not measured"
            continue
        same = new["source"] == old["source"]
        for figure, part in TOLERANCE.items():
            limit = old[figure] * (1 + (part if same else OTHER_COMPILER))
            if new[figure] > limit:
                yield f"{name}: {figure} {new[figure]:,}, baseline {old[figure]:,}"
