# SPDX-License-Identifier: MIT
"""Which of QEMU's boards `make test` builds and boots; the others are `make test-long`'s.

The Cortex-M4 that everything else runs on, and the Cortex-M0+, which differs most from it: other
cores, another instruction set, datagrams in several pbufs. The Makefile names the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from demo.rig import DEFAULT_ENV, chosen_env

QUICK = {DEFAULT_ENV, "qemu_m0plus", chosen_env()}


def env_params(envs: Iterable[str]) -> list[Any]:
    """The boards as parameters of a test, in their order."""
    return [env if env in QUICK else pytest.param(env, marks=pytest.mark.long) for env in envs]
