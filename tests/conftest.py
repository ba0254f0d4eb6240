# SPDX-License-Identifier: MIT
"""The order of the suite, which pytest-xdist spreads over processes by file (--dist loadfile).

A file's cases share boards and servers, so a file stays in one process, and the files with the most
work go first: the one that starts last decides when the whole is done.
"""

from __future__ import annotations

import hypothesis
import pytest

# How fast examples come says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

LONG = ("test_vectors_native", "test_bench_secrets", "test_bootstrap_pio", "test_port")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: i for i, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))  # stable
