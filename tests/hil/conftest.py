# SPDX-License-Identifier: MIT
"""What the tests of emulated boards share; `board`, `server` and `tunnel` are pytest-wgprov's.

ENV=qemu_an500 make test runs them on another machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from demo.rig import chosen_env, firmware


@pytest.fixture(scope="session")
def elf() -> Path:
    """The firmware under test."""
    env = chosen_env()
    path = firmware(env)
    if not path.is_file():
        pytest.fail(f"{path} is missing: run `make firmware ENV={env}`")
    return path
