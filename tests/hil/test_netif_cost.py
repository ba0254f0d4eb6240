# SPDX-License-Identifier: MIT
"""The limits of `make bench-net`: what the tunnel costs a packet beside the crypto."""

from __future__ import annotations

import pytest
from demo.rig import chosen_env, firmware

from bench.net import Code, added_by_the_tunnel, measure_packets

PACKET_MAX = 4000  # instructions


@pytest.mark.boards
def test_a_packet_costs_at_most_4000_instructions_and_no_heap() -> None:
    elf = firmware(chosen_env())
    rows = measure_packets(elf, Code.of(elf), detail=False)
    added = added_by_the_tunnel(rows)
    print(added)
    assert max(added.values()) <= PACKET_MAX
    assert [row["heap"] for row in rows if str(row["what"]).startswith("out")] == [0] * 6
