# SPDX-License-Identifier: MIT
"""CBMC, the bounded model checker, as .cache/cbmc/bin/cbmc: for `make prove` only.

The one on PATH is used when there is one (`apt-get install cbmc`, where the distribution has it).
Else the packages of firmware/cbmc.lock are put together."""

from __future__ import annotations

import platform
import shutil
import subprocess

from . import debs, paths, steps

LOCK = paths.ROOT / "firmware" / "cbmc.lock"
SOURCES = paths.CACHE / "src" / "cbmc"
HOME = paths.CACHE / "cbmc"
PROGRAM = HOME / "bin" / "cbmc"
UNNEEDED = ("share", "gconv", "include", "goto-*", "*analyzer", "crangler", "symtab2gb", "*.a")
STAMP = "cbmc"


def _install_debian() -> None:
    if not debs.are_usable(platform.machine()):
        raise steps.StepError(
            "CBMC can be put together on Debian or Ubuntu on amd64 only; elsewhere put cbmc on PATH"
        )
    debs.fetch(LOCK, "CBMC")
    debs.merge(sorted(SOURCES.iterdir()), HOME / "usr", UNNEEDED)
    debs.patch_programs(HOME, [HOME / "usr" / "bin"])
    PROGRAM.parent.mkdir()
    PROGRAM.symlink_to("../usr/bin/cbmc")


def _check() -> None:
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=60)
    if done.returncode or not done.stdout.strip():
        raise steps.StepError(f"cbmc does not work: {(done.stderr or done.stdout)[-300:]}")
    steps.say(f"* CBMC {done.stdout.strip()}")


def ensure() -> None:
    """Make the program current, doing nothing when it is."""
    found = shutil.which("cbmc")
    key = paths.digest([LOCK, debs.REQUIREMENTS, str(HOME), str(found)])
    if paths.stamp_is(STAMP, key) and PROGRAM.exists():
        return
    paths.clear_stamp(STAMP)
    shutil.rmtree(HOME, ignore_errors=True)
    if found:
        PROGRAM.parent.mkdir(parents=True)
        PROGRAM.symlink_to(found)
    else:
        _install_debian()
    _check()
    paths.set_stamp(STAMP, key)
