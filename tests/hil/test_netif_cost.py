# SPDX-License-Identifier: MIT
"""The limits of `make bench-net`: what a packet and a handshake cost beside the crypto."""

from __future__ import annotations

import pytest
from demo.rig import chosen_env, firmware

from bench.net import STEPS, Code, added_by_the_tunnel, measure_handshakes, measure_packets

PACKET_MAX = 4000  # instructions
HANDSHAKE_PYTHON_MAX = 250_000


@pytest.mark.boards
def test_a_packet_costs_at_most_4000_instructions_and_no_heap() -> None:
    elf = firmware(chosen_env())
    rows = measure_packets(elf, Code.of(elf), detail=False)
    added = added_by_the_tunnel(rows)
    print(added)
    assert max(added.values()) <= PACKET_MAX
    assert [row["heap"] for row in rows if str(row["what"]).startswith("out")] == [0] * 6


@pytest.mark.boards
def test_a_step_of_a_handshake_costs_at_most_250_000_instructions_of_python() -> None:
    """In either role, from the first one after a start on; and none has to collect garbage."""
    elf = firmware(chosen_env())
    rows = measure_handshakes(elf, Code.of(elf), detail=False)
    print(*rows, sep="\n")
    assert {row["step"] for row in rows} == set(STEPS.values())
    assert max(int(str(row["python"])) for row in rows) <= HANDSHAKE_PYTHON_MAX
    assert not any(row["collector"] for row in rows)
