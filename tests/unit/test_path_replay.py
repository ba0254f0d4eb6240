# SPDX-License-Identifier: MIT
"""The replay window equals its specification for every short sequence of counters out of those
where it could differ: the edges of words, of the ring and of the window, and far leaps. Tried one
by one, in C."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = r"""
#include <stdio.h>
#include "wg_replay.h"
#define B WG_REPLAY_BITS
static const uint64_t counters[] = {
    0, 1, 31, 32, B - 1, B, B + 1, B + 31, 2 * B - 1, 2 * B, 3 * B + 33, UINT64_C(1) << 40,
};
#define COUNTERS (sizeof counters / sizeof counters[0])
static uint64_t taken[DEPTH];
static unsigned long tried, wrong;

/* Taken once, and less than the window behind the greatest taken. */
static bool is_new(unsigned count, uint64_t counter) {
    uint64_t greatest = 0;
    for (unsigned i = 0; i < count; i++) {
        if (taken[i] == counter) {
            return false;
        }
        greatest = taken[i] > greatest ? taken[i] : greatest;
    }
    return counter > greatest || greatest - counter < WG_REPLAY_WINDOW;
}

static void walk(const wg_replay *before, unsigned count, unsigned depth) {
    for (size_t i = 0; i < COUNTERS; i++) {
        wg_replay now = *before;
        bool fresh = wg_replay_check(&now, counters[i]);
        tried++;
        wrong += fresh != is_new(count, counters[i]);
        if (depth + 1 == DEPTH) {
            continue;
        }
        if (fresh) {
            wg_replay_commit(&now, counters[i]);
            taken[count] = counters[i];
        }
        walk(&now, count + fresh, depth + 1);
    }
}

int main(void) {
    wg_replay empty;
    wg_replay_init(&empty);
    walk(&empty, 0, 0);
    printf("%lu %lu\n", tried, wrong);
    return wrong != 0;
}
"""


HEADER = ROOT / "firmware" / "session" / "include" / "wg_replay.h"
ROW = re.compile(r"^// +(\d+) +< (\d+) +(\d+) +(\d+)", re.MULTILINE)


def test_the_price_of_the_window_is_what_the_tables_say() -> None:
    """Of the header and of docs/PERFORMANCE.md, by a compiler for a 32-bit board."""
    rows = [tuple(map(int, row)) for row in ROW.findall(HEADER.read_text(encoding="utf-8"))]
    assert [row[0] for row in rows] == [1024, 2048, 4096, 8192]
    page = (ROOT / "docs" / "PERFORMANCE.md").read_text(encoding="utf-8")
    for bits, late, session, peer in rows:
        assert late == bits and f"| {bits:,} | {session:,} | {peer:,} |" in page
        sizes = f"sizeof(wg_session) == {session} && sizeof(wg_peer) == {peer}"
        subprocess.run(
            ["arm-none-eabi-gcc", "-std=c11", "-fsyntax-only", f"-DWG_REPLAY_BITS={bits}", "-xc"]
            + [f"-I{HEADER.parent}", "-"],
            input=f'#include "wg_peer.h"\n_Static_assert({sizes}, "sizes");\n',
            text=True,
            check=True,
            timeout=60,
        )


@pytest.mark.parametrize("bits, depth", [(64, 6), (1024, 5), (8192, 4)])
def test_every_short_sequence(tmp_path: Path, bits: int, depth: int) -> None:
    session, program = ROOT / "firmware" / "session", tmp_path / "replay"
    (tmp_path / "replay.c").write_text(PROGRAM)
    command = ["gcc", "-std=c11", "-O2", "-Wall", "-Werror", f"-DWG_REPLAY_BITS={bits}"]
    command += [f"-DDEPTH={depth}", f"-I{session / 'include'}", str(tmp_path / "replay.c")]
    command += [str(session / "wg_replay.c"), "-o", str(program)]
    subprocess.run(command, check=True, timeout=60)
    done = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    tried, wrong = map(int, done.stdout.split())
    assert tried == sum(12**n for n in range(1, depth + 1)) and wrong == 0
