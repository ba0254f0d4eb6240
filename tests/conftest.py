# SPDX-License-Identifier: MIT
"""The order of the suite, which pytest-xdist spreads over processes by file (--dist loadfile).

A file's cases share boards and servers, so a file stays in one process, and the files with the most
work go first: the one that starts last decides when the whole is done.
"""

from __future__ import annotations

import gc
import os

import hypothesis
import pytest

# How fast examples come says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

LONG = (
    *("test_vectors_native", "test_bench_secrets", "test_bootstrap_pio", "test_port"),
    *("test_rp2", "test_natmod", "test_rp2_chains", "test_boards_build", "test_boards_riscv"),
)

# What only a target of its own runs: marker, and what `make test-long` and the others set.
ASKED_FOR = {"long": "WG_TEST_LONG", "boards": "WG_TEST_BOARDS", "soak": "WG_TEST_SOAK"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Cases marked as above are deselected, and counted as that, unless they were asked for."""
    for marker, variable in ASKED_FOR.items():
        left_out = [item for item in items if item.get_closest_marker(marker)]
        if left_out and os.environ.get(variable) != "1":
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
    place = {name: i for i, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))  # stable


def pytest_collection_finish() -> None:
    """The board's code asks for a collection at its most careful moments. Run by CPython here, it
    would go through all that pytest holds, each time: 0.1 to 0.3 s."""
    gc.collect()
    gc.freeze()
