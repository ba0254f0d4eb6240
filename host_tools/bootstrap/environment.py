# SPDX-License-Identifier: MIT
"""The venv in .cache/venv, from requirements.txt with every file's hash checked."""

from __future__ import annotations

import os
import sys

from . import paths, steps

STAMP = "venv"
PYTHON = paths.VENV / "bin" / "python"
# The interpreter behind the one that runs this: the same whether setup runs inside the venv or not.
BASE_PYTHON = os.path.realpath(sys.executable)
HOST_TOOLS = paths.ROOT / "host_tools"
REQUIREMENTS = paths.ROOT / "requirements.txt"


def _key() -> str:
    """What the venv depends on. Its own place counts: a venv does not survive being moved."""
    return paths.digest(
        [REQUIREMENTS, HOST_TOOLS / "pyproject.toml", sys.version, BASE_PYTHON, str(paths.VENV)]
    )


def pip(label: str, *arguments: str) -> None:
    """Run the venv's pip."""
    fixed = ["--disable-pip-version-check", "--no-input", "install", "--quiet"]
    steps.run(label, [PYTHON, "-m", "pip", *fixed, *arguments])


def _install_host_tools() -> None:
    """`wgprov` on the venv's path, from the checkout itself."""
    if (HOST_TOOLS / "pyproject.toml").is_file():
        options = ["--no-deps", "--no-index", "--no-build-isolation", "--editable"]
        pip("wgprov", *options, str(HOST_TOOLS))


def ensure() -> None:
    """Make the venv current."""
    key = _key()
    if paths.stamp_is(STAMP, key) and PYTHON.exists():
        return
    paths.clear_stamp(STAMP)
    steps.run("Python environment", [BASE_PYTHON, "-m", "venv", "--clear", paths.VENV])
    pip("Python packages", "--require-hashes", "--requirement", str(REQUIREMENTS))
    _install_host_tools()
    paths.set_stamp(STAMP, key)
