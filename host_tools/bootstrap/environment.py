# SPDX-License-Identifier: MIT
"""The venv in .cache/venv, from requirements.txt with every file's hash checked."""

from __future__ import annotations

import os
import sys

from . import paths, steps

PYTHON = paths.VENV / "bin" / "python"
# The interpreter behind the one that runs this: the same whether setup runs inside the venv or not.
BASE_PYTHON = os.path.realpath(sys.executable)
HOST_TOOLS = paths.ROOT / "host_tools"
OURS = (HOST_TOOLS, HOST_TOOLS / "pytest_wgprov")
REQUIREMENTS = paths.ROOT / "requirements.txt"


def _keys() -> dict[str, str]:
    """What each part depends on. The venv's place counts: it cannot be moved."""
    venv = paths.digest([sys.version, BASE_PYTHON, str(paths.VENV)])
    packages = paths.digest([REQUIREMENTS, venv])
    wgprov = paths.digest([*(folder / "pyproject.toml" for folder in OURS), venv])
    return {"venv": venv, "packages": packages, "wgprov": wgprov}


def is_current() -> bool:
    """True when the venv is whole and was made from what lies in the checkout now."""
    return PYTHON.exists() and all(paths.stamp_is(*item) for item in _keys().items())


def pip(label: str, *arguments: str) -> None:
    """Run the venv's pip."""
    fixed = ["--disable-pip-version-check", "--no-input", "install", "--quiet"]
    steps.run(label, [PYTHON, "-m", "pip", *fixed, *arguments])


def _make_venv() -> None:
    steps.run("Python environment", [BASE_PYTHON, "-m", "venv", "--clear", paths.VENV])


def _install_packages() -> None:
    pip("Python packages", "--require-hashes", "--requirement", str(REQUIREMENTS))


def _install_host_tools() -> None:
    """`wgprov` and the pytest plugin on the venv's path, from the checkout itself."""
    for folder in OURS:
        if (folder / "pyproject.toml").is_file():
            options = ["--no-deps", "--no-index", "--no-build-isolation", "--editable"]
            pip(folder.name, *options, str(folder))


def ensure() -> None:
    """Make the venv current, doing only what is not."""
    makers = {
        "venv": _make_venv,
        "packages": _install_packages,
        "wgprov": _install_host_tools,
    }
    for name, key in _keys().items():
        if paths.stamp_is(name, key) and PYTHON.exists():
            continue
        paths.clear_stamp(name)
        makers[name]()
        paths.set_stamp(name, key)
