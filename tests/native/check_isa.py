# SPDX-License-Identifier: MIT
"""Says whether objects suit a Cortex-M0+: check_isa.py OBJDUMP OBJECT…

QEMU has no Cortex-M0+ that refuses the instructions of ARMv7-M, so they are looked for in the
disassembly: ARMv6-M has five 32-bit instructions, and lacks a few 16-bit ones (Architecture
Reference Manual DDI 0419, A5). Nor may an object call the compiler's helpers for long products and
divisions: their time depends on the operands. Prints one line per object; a nonzero status when one
has something else.
"""

from __future__ import annotations

import re
import subprocess
import sys

WIDE = {"bl", "dmb", "dsb", "isb", "mrs", "msr"}
NARROW_MISSING = re.compile(r"^(cbz|cbnz|it[te]{0,3})$")
HELPERS = re.compile(r"R_ARM_\S+\s+(__aeabi_(?:lmul|u?ldivmod|u?idiv(?:mod)?)|__\w*di3)\b")
LINE = re.compile(r"^\s*[0-9a-f]+:\t([0-9a-f]{4}(?: [0-9a-f]{4})?)\s*\t(\S+)")


def strangers(listing: str) -> list[str]:
    """The lines with an instruction that a Cortex-M0+ does not have."""
    found = []
    for line in listing.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        code, name = match.groups()
        name = name.split(".")[0]
        if (" " in code and name not in WIDE) or NARROW_MISSING.match(name):
            found.append(line.strip())
    return found + HELPERS.findall(listing)


def main(objdump: str, *objects: str) -> int:
    bad = 0
    for path in objects:
        done = subprocess.run(
            [objdump, "-d", "-r", path], capture_output=True, text=True, check=True
        )
        instructions = len([line for line in done.stdout.splitlines() if LINE.match(line)])
        found = strangers(done.stdout)
        if found or not instructions:
            bad += 1
            reason = f"{len(found)} of {instructions} instructions: {found[:1]}"
            print(f"FAIL isa/{path} {reason}")
        else:
            print(f"PASS isa/{path}")
    return 1 if bad or not objects else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
