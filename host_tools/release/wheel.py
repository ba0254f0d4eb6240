# SPDX-License-Identifier: MIT
"""The wheels of wgprov, with its man pages, and of the stubs: `make wheel`."""

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
    """wgprov's wheel, in `folder`; its path. CalledProcessError has what pip said."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "wgprov"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "host_tools" / "wgprov", source / "wgprov", ignore=ignore)
        shutil.copy(ROOT / "host_tools" / "pyproject.toml", source)
        manpages.write(source / "man")
        return pip_wheel(source, folder)


def pip_wheel(project: Path, folder: Path) -> Path:
    """The same of any project, from a copy: setuptools leaves a folder beside what it builds."""
    with tempfile.TemporaryDirectory() as name:
        made, source = Path(name) / "wheel", Path(name) / "source"
        shutil.copytree(project, source)
        command = [*PIP, "--no-build-isolation", "--wheel-dir", str(made), str(source)]
        subprocess.run(command, check=True, timeout=BUILD_S, capture_output=True, text=True)
        [built] = made.iterdir()
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(built, folder))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(build(target))
    print(pip_wheel(ROOT / "mpy" / "stubs", target))
