# SPDX-License-Identifier: MIT
"""The table, the JSON, the plot and the profile, for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import emulator
from .build import BenchError, Program
from .measure import Row
from .targets import ROOT

ANCHORS = ROOT / "bench" / "anchors.json"
LIMITS = ROOT / "bench" / "limits.json"
PLOT_CPUS = {"m0plus": "Cortex-M0+", "m4": "Cortex-M4", "xtensa": "Xtensa (instructions)"}
PLOT_OPS = {
    ("x25519", 32): "X25519",
    ("seal", 1420): "seal 1,420 B",
    ("blake2s", 128): "BLAKE2s 128 B",
}
OURS, GENERIC, THEIRS = "#1f6f8b", "#8fb8c6", "#b9b3a7"


def to_json(rows: Sequence[Row]) -> str:
    """One object a line."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


def limits() -> dict[tuple[str, str, int], dict[str, int]]:
    """Must and goal of (cpu, op, bytes): cycles, or cycles a block where `blocks` says how many."""
    return {(e["cpu"], e["op"], e["bytes"]): e for e in json.loads(LIMITS.read_text())}


def verdict(row: Row) -> str:
    """How a row stands to what it must cost and what it should."""
    limit = limits().get((row["cpu"], row["op"], row["bytes"]))
    if limit is None:
        return ""
    cycles = row["cycles"] / limit.get("blocks", 1)
    words = [f"{cycles:,.0f} a block:"] if "blocks" in limit else []
    if cycles <= limit["goal"]:
        words.append("goal")
    elif cycles <= limit["must"]:
        words.append(f"must; goal +{100 * (cycles / limit['goal'] - 1):.1f}%")
    else:
        words.append(f"above must by {100 * (cycles / limit['must'] - 1):.1f}%")
    for figure in ("stack", "code"):
        if row[f"{figure}_bytes"] > limit.get(figure, 1 << 30):
            words.append(f"({figure} > {limit[figure]} B)")
    return " ".join(words)


def print_table(rows: Sequence[Row]) -> None:
    head = ("cpu", "core", "op", "bytes", "cycles", "instr.", "code B", "stack B")
    form = "{:7} {:10} {:12} {:>5} {:>11} {:>11} {:>7} {:>7}  {}"
    print(form.format(*head, ""))
    for row in rows:
        counts = [f"{row[name]:,}" for name in ("cycles", "instructions")]
        sizes = (row["code_bytes"], row["stack_bytes"])
        names = (row["cpu"], row["core"], row["op"], row["bytes"])
        print(form.format(*names, *counts, *sizes, verdict(row)).rstrip())


def print_profile(
    program: Program, request: emulator.Request, result: emulator.Result, lines: int = 0
) -> None:
    """Where the cycles of one call go."""
    print(f"{program.folder.name}: {request.op} {request.length} B")
    print(f"  cycles {result.cycles:,}  instructions {result.instructions:,}", end="")
    print(f"  stack {result.stack} B  result {result.output[:32].hex()}")
    for name, path in program.cores.items():
        print(f"  {name:18} {path:40} {program.code_bytes([path])} B of code")
    print("  " + "  ".join(f"{name} {count:,}" for name, count in result.classes.items()))
    print(f"  {'function':40} {'instructions':>13} {'cycles':>11} {'share':>6}")
    for name, executed, cycles in emulator.by_function(program, result):
        print(f"  {name:40} {executed:13,} {cycles:11,} {100 * cycles / result.cycles:5.1f}%")
    for address, executed, cycles in sorted(result.profile, key=lambda at: -at[2])[:lines]:
        print(f"  {address:8x}: executed {executed:,} cycles {cycles:,}")


def _bars(rows: Sequence[Row], cpu: str, op: str, size: int) -> list[tuple[str, int, str]]:
    """(label, cycles, colour): ours, then what others have."""
    colours = {"generic32": GENERIC, "small": GENERIC}
    found = [
        (f"this project, {row['core']}", row["cycles"], colours.get(row["core"], OURS))
        for row in rows
        if (row["cpu"], row["op"], row["bytes"]) == (cpu, op, size)
    ]
    anchors: list[dict[str, Any]] = json.loads(ANCHORS.read_text())
    for entry in anchors:
        if found and (entry["cpu"], entry["op"], entry["bytes"]) == (cpu, op, size):
            found.append((entry["label"], entry["cycles"], THEIRS))
    return sorted(found, key=lambda bar: bar[1])


def _draw(axes: Any, bars: list[tuple[str, int, str]], limit: dict[str, int] | None) -> None:
    longest = max(cycles for _, cycles, _ in bars)
    for at, (_, cycles, colour) in enumerate(bars):
        axes.barh(at, cycles, color=colour, height=0.7)
        text = axes.text(cycles + longest * 0.01, at, f"{cycles:,}", va="center", fontsize=8)
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # over the red lines
    axes.set_yticks(range(len(bars)), [label for label, _, _ in bars], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, longest * 1.25)
    axes.set_xticks([])
    for name, style in (("goal", "-"), ("must", ":")):
        if limit is not None:
            axes.axvline(limit[name], color="#c0392b", linestyle=style, linewidth=1)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def plot(rows: Sequence[Row], path: Path) -> None:
    """One picture: a panel for each operation and processor, shorter is better."""
    try:
        import matplotlib
    except ImportError:
        raise BenchError("matplotlib is missing: run make setup") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    cpus = [cpu for cpu in PLOT_CPUS if any(row["cpu"] == cpu for row in rows)]
    figure, grid = pyplot.subplots(
        len(cpus), len(PLOT_OPS), figsize=(15, 2.6 * len(cpus) + 1.2), squeeze=False
    )
    for line, cpu in zip(grid, cpus, strict=True):
        for axes, ((op, size), name) in zip(line, PLOT_OPS.items(), strict=True):
            _draw(axes, _bars(rows, cpu, op, size), limits().get((cpu, op, size)))
            axes.set_title(f"{name} on {PLOT_CPUS[cpu]}", fontsize=10, loc="left")
    figure.suptitle("Cycles per call: shorter is better", x=0.01, ha="left", fontsize=13)
    text = "Ours: counted in QEMU by the cost model of docs/PERFORMANCE.md. "
    text += "Others: sources in bench/anchors.json. Red: goal (solid), must (dotted)."
    figure.text(0.01, 0.01, text, fontsize=8)
    figure.tight_layout(rect=(0, 0.03, 1, 0.98))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
