# SPDX-License-Identifier: MIT
"""The wheel of wgprov, with its man pages: `make wheel`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from host_tools.release import manpages

ROOT = Path(__file__).resolve().parents[2]
BUILD_S = 120
PIP = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]


def build(folder: Path) -> Path:
    """Build it into `folder` from a copy, because setuptools leaves a folder beside what it
    builds; the path of the wheel. CalledProcessError has what pip said."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "host_tools" / "wgprov", source / "wgprov", ignore=ignore)
        shutil.copy(ROOT / "host_tools" / "pyproject.toml", source)
        manpages.write(source / "man")
        command = [*PIP, "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
        subprocess.run(command, check=True, timeout=BUILD_S, capture_output=True, text=True)
    [built] = folder.glob("wgprov-*.whl")
    return built


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
