# SPDX-License-Identifier: MIT
"""make bench: what each core costs on each processor.

python bench/run.py                                     everything; writes bench/out
python bench/run.py --cpu m0plus --op x25519 --core armv6m     one, with a profile by function
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import build, emulator  # noqa: E402
from bench.targets import TARGETS  # noqa: E402

OPS = {"x25519": 32, "x25519_base": 32, "seal": 1420, "open": 1420, "blake2s": 64, "hkdf": 32}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What each core costs on each processor.")
    parser.add_argument("--cpu", choices=list(TARGETS))
    parser.add_argument("--op", choices=[*OPS, "blake2s_keyed", "selftest"])
    parser.add_argument("--core", default="chosen", help="generic32, armv6m …; default: chosen")
    parser.add_argument("--bytes", type=int, help="length of the message")
    parser.add_argument("--opt", default="-O2", help="the compiler's level")
    return parser.parse_args()


def one(options: argparse.Namespace) -> None:
    program = build.program(TARGETS[options.cpu], options.core, options.opt)
    size = OPS.get(options.op, 0) if options.bytes is None else options.bytes
    (result,) = emulator.run(program, [emulator.Request(options.op, size)], profile=True)
    print(f"{options.cpu} {options.op} {size} B, cores {options.core} {options.opt}:")
    print(f"  cycles {result.cycles:,}  instructions {result.instructions:,}", end="")
    print(f"  stack {result.stack} B  result {result.output[:32].hex()}")
    for name, path in program.cores.items():
        code = program.code_bytes([path])
        print(f"  {name:18} {path:40} {code} B of code")
    print("  " + "  ".join(f"{k} {v:,}" for k, v in result.classes.items()))
    print(f"  {'function':40} {'instructions':>13} {'cycles':>11} {'share':>6}")
    for name, executed, cycles in emulator.by_function(program, result):
        print(f"  {name:40} {executed:13,} {cycles:11,} {100 * cycles / result.cycles:5.1f}%")


def main() -> int:
    options = parse()
    try:
        one(options)
    except build.BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
