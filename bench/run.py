# SPDX-License-Identifier: MIT
"""make bench: what each core costs on each processor.

python bench/run.py                          everything: table, bench/out/cycles.json, cycles.png
python bench/run.py --cpu m0plus             the table of one processor, nothing written
python bench/run.py --update-baseline        everything; accept it: baseline and document
python bench/run.py --cpu m0plus --op x25519 --core armv6m     one call, profiled by function
python bench/run.py --cpu m0plus --core armv6m --secrets       constant time; nothing left behind
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import (  # noqa: E402
    answers,
    build,
    constant_time,
    document,
    emulator,
    measure,
    report,
    wipe,
)
from bench.targets import PRESENT, ROOT, TARGETS  # noqa: E402

OUT = ROOT / "bench" / "out"
MORE_OPS = {"blake2s_keyed": 64, "selftest": 0, "nothing": 0}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cpu", choices=list(TARGETS), help="only this processor")
    parser.add_argument("--op", choices=[*measure.OPERATIONS, *MORE_OPS], help="profile this")
    parser.add_argument("--core", default="chosen", help="generic32, armv6m …; default: arch's")
    parser.add_argument("--bytes", type=int, help="length of the message")
    parser.add_argument("--opt", default="", help="the compiler's level, such as -O3")
    parser.add_argument("--lines", type=int, default=0, help="also the N dearest instructions")
    parser.add_argument("--secrets", action="store_true", help="check what depends on secrets")
    parser.add_argument("--update-baseline", action="store_true")
    return parser.parse_args()


def _check_core(options: argparse.Namespace) -> None:
    known = {"chosen", "small"} | {name for a in build.ALGORITHMS for name in build.available(a)}
    known.add(TARGETS[options.cpu or "m0plus"].arch)
    if options.core not in known:
        raise build.BenchError(f"no core is called {options.core}; there are {sorted(known)}")


def profile(options: argparse.Namespace) -> None:
    """One call on one processor, and where its cycles go."""
    _check_core(options)
    program = build.program(TARGETS[options.cpu or "m0plus"], options.core, options.opt)
    default = MORE_OPS.get(options.op) if options.op in MORE_OPS else None
    size = measure.OPERATIONS[options.op][0][-1] if default is None else default
    request = emulator.Request(options.op, size if options.bytes is None else options.bytes)
    (result,) = emulator.run(program, [request], profile=True)
    report.print_profile(program, request, result, options.lines)
    if result.output != answers.expected(request):
        raise build.BenchError(f"wrong answer; right is {answers.expected(request)[:32].hex()}")


def secrets(options: argparse.Namespace) -> int:
    """The checks of constant_time.py and wipe.py on one processor and core; 1 when one finds."""
    _check_core(options)
    program = build.program(TARGETS[options.cpu or "m0plus"], options.core, options.opt)
    unequal, varying = constant_time.check(program)
    left = wipe.check(program, wipe.LEAK_BYTES)
    for what, lines in (("traces", unequal), ("instructions", varying), ("left behind", left)):
        print(f"{what}: {'good' if not lines else f'{len(lines)} found'}")
        for line in lines:
            print(f"  {line}")
    return 1 if unequal or varying or left else 0


def accept(rows: list[measure.Row]) -> None:
    measure.BASELINE.write_text(report.to_json(rows))
    document.update(rows)
    print("accepted: bench/baseline.json and the tables of docs/PERFORMANCE.md")


def everything(cpus: list[str], write: bool, update: bool) -> int:
    """Table, JSON, plot; 1 when a core failed, or a figure is worse than the baseline."""
    rows, failures = measure.everything(cpus)
    report.print_table(rows)
    if write:
        rows += measure.accepted_elsewhere()
        OUT.mkdir(exist_ok=True)
        (OUT / "cycles.json").write_text(report.to_json(rows))
        report.plot(rows, OUT / "cycles.png")
        print(f"written: {OUT.relative_to(ROOT)}/cycles.json and cycles.png")
    if update:
        accept(rows)
    elif write:
        failures += [
            f"worse than the baseline: {line}"
            for line in measure.regressions(rows, measure.load_baseline())
        ]
    for line in failures:
        print(f"bench: {line}", file=sys.stderr)
    return 1 if failures else 0


def main() -> int:
    options = parse()
    try:
        if options.secrets:
            return secrets(options)
        if options.op is not None:
            profile(options)
            return 0
        if options.cpu is not None:
            return everything([options.cpu], False, False)
        return everything(list(PRESENT), True, options.update_baseline)
    except build.BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
