# SPDX-License-Identifier: MIT
"""Writes the figures of docs/PERFORMANCE.md, between `<!-- name -->` and `<!-- end name -->`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import build, emulator, measure, report
from .measure import Row
from .targets import PRESENT, ROOT, TARGETS

DOCUMENT = ROOT / "docs" / "PERFORMANCE.md"
PROFILED = (("x25519", 32), ("seal", 1420), ("blake2s", 1024))
PROFILED_CPUS = ("m0plus", "m4", "xtensa")
PROFILE_LINES = 6


def figures(rows: Sequence[Row]) -> str:
    """Every row, as a table."""
    lines = [
        "| cpu | core | operation | bytes | cycles | instructions | code B | stack B |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        counts = " | ".join(f"{row[name]:,}" for name in ("bytes", "cycles", "instructions"))
        sizes = f"{row['code_bytes']:,} | {row['stack_bytes']:,}"
        lines.append(f"| {row['cpu']} | {row['core']} | {row['op']} | {counts} | {sizes} |")
    return "\n".join(lines)


def _best(rows: Sequence[Row], cpu: str, op: str, size: int) -> Row | None:
    found = [row for row in rows if (row["cpu"], row["op"], row["bytes"]) == (cpu, op, size)]
    return min(found, key=lambda row: row["cycles"], default=None)


def goals(rows: Sequence[Row]) -> str:
    """The best core of each against what it must cost and what it should."""
    lines = [
        "| cpu | operation | core | figure | must | goal | standing |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for (cpu, op, size), limit in report.limits().items():
        row = _best(rows, cpu, op, size)
        if row is None:
            continue
        blocks = limit.get("blocks", 1)
        name = f"{op}, a block" if blocks > 1 else f"{op} {size} B"
        figure = f"{row['cycles'] / blocks:,.0f} | {limit['must']:,} | {limit['goal']:,}"
        standing = report.verdict(row).partition("block: ")[2] or report.verdict(row)
        lines.append(f"| {cpu} | {name} | {row['core']} | {figure} | {standing} |")
    return "\n".join(lines)


def small(rows: Sequence[Row]) -> str:
    """The fastest core of each processor beside the build for little flash."""
    lines = [
        "| cpu | operation | fast | cycles | code B | small: cycles | code B | times | saved B |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for cpu in TARGETS:
        for op, size in PROFILED:
            fast = _best([row for row in rows if row["core"] != "small"], cpu, op, size)
            slow = _best([row for row in rows if row["core"] == "small"], cpu, op, size)
            if fast is None or slow is None:
                continue
            pair = " | ".join(f"{r['cycles']:,} | {r['code_bytes']:,}" for r in (fast, slow))
            times = f"{slow['cycles'] / fast['cycles']:.1f}"
            saved = f"{fast['code_bytes'] - slow['code_bytes']:,}"
            lines.append(f"| {cpu} | {op} {size} B | {fast['core']} | {pair} | {times} | {saved} |")
    return "\n".join(lines)


def _build_line(cpu: str, rows: Sequence[Row]) -> str:
    """What all of firmware/crypto takes as linked by default, and small; and its self-test."""
    fast = build.program(TARGETS[cpu], "chosen")
    code, ram = fast.sizes(fast.library())
    same = build.program(TARGETS[cpu], "chosen", "-Os")
    small_one = build.program(TARGETS[cpu], "small")
    results = emulator.run(fast, [emulator.Request("selftest"), emulator.Request("x25519", 32)])
    test, ladder = (result.cycles for result in results)
    stacks = [
        max(row["stack_bytes"] for row in rows if row["cpu"] == cpu and row["core"] == core)
        for core in (TARGETS[cpu].cores[-1], "small")
    ]
    codes = f"{code:,} | {same.sizes(same.library())[0]:,}"
    codes += f" | {small_one.sizes(small_one.library())[0]:,} | {ram} | {stacks[0]} | {stacks[1]}"
    return f"| {cpu} | {codes} | {test:,} | {100 * ladder / test:.0f} % | {results[0].stack} |"


def builds(rows: Sequence[Row]) -> str:
    lines = [
        "| cpu | fast: code | its cores at -Os | small | RAM | stack: fast | small "
        "| self-test | of which X25519 | stack |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join(lines + [_build_line(cpu, rows) for cpu in PRESENT] + _kept("builds"))


def _kept(name: str) -> list[str]:
    """The document's lines on processors whose compiler this machine lacks."""
    absent = set(TARGETS) - set(PRESENT)
    part = DOCUMENT.read_text().partition(f"<!-- {name} -->")[2].partition("<!-- end")[0]
    return [line for line in part.splitlines() if line[2:].partition(" ")[0] in absent]


def profiles() -> str:
    """Where the cycles of the chosen cores go, by function."""
    requests = [emulator.Request(op, size) for op, size in PROFILED]
    lines = ["| cpu | operation | function | cycles | share |", "|---|---|---|--:|--:|"]
    for cpu in PROFILED_CPUS:
        if cpu not in PRESENT:
            continue
        program = build.program(TARGETS[cpu], "chosen")
        results = emulator.run(program, requests, profile=True)
        for request, result in zip(requests, results, strict=True):
            for name, _, cycles in emulator.by_function(program, result)[:PROFILE_LINES]:
                share = 100 * cycles / result.cycles
                what = f"{request.op} {request.length} B"
                if share >= 0.5:
                    lines.append(f"| {cpu} | {what} | {name} | {cycles:,} | {share:.1f} % |")
    return "\n".join(lines + _kept("profiles"))


def rewritten(text: str, parts: dict[str, str]) -> str:
    """The document with these parts replaced."""
    for name, content in parts.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
        new = f"{content}\n"
        text, count = re.subn(pattern, lambda m, new=new: m[1] + new + m[2], text, flags=re.DOTALL)
        if count != 1:
            raise build.BenchError(f"{DOCUMENT.name} has {count} places for {name}")
    return text


def update(rows: Sequence[Row]) -> None:
    parts = {"figures": figures(rows), "goals": goals(rows), "small": small(rows)}
    parts |= {"profiles": profiles(), "builds": builds(rows)}
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(), parts))


def is_current() -> bool:
    """Whether the document's tables are the baseline's."""
    rows = list(measure.load_baseline().values())
    text = DOCUMENT.read_text()
    parts = {"figures": figures(rows), "goals": goals(rows), "small": small(rows)}
    return rewritten(text, parts) == text
