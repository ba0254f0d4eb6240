# SPDX-License-Identifier: MIT
"""What lwIP and Python hold on the board, so that a leak shows as a figure.

lwIP's own statistics would change the firmware under test; its free lists can be read as they are.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from demo.rig import Rig

POOLS = ("PBUF_POOL", "PBUF", "UDP_PCB", "REASSDATA", "FRAG_PBUF")
NM_TIMEOUT_S = 30


def symbols(elf: Path) -> dict[str, int]:
    command = ["arm-none-eabi-nm", str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=NM_TIMEOUT_S, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def memory(rig: Rig) -> dict[str, int]:
    """Free elements by pool, bytes in use of lwIP's heap and of Python's after a collection."""
    table = symbols(rig.elf)
    pools = {name: table[f"memp_tab_{name}"] for name in POOLS}
    call = f"memory({pools!r}, {table['ram']}, {table['ram_end']})"
    return dict(rig.run("tunnel_memory", call))
