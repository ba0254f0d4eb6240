# SPDX-License-Identifier: MIT
"""NetworkManager's own reader of its files, as .cache/nmcli/bin/nmcli: a judge of our exports.

Only the program and its library, unpacked from the distribution's packages: NetworkManager itself,
once installed, would begin to manage this machine's network. The one on PATH is used when there is
one. Where neither is to be had, one line says so, and the tests that need it say it again.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from . import paths, steps

HOME = paths.CACHE / "nmcli"
PROGRAM = HOME / "bin" / "nmcli"
PACKAGES = ("network-manager", "libnm0")
WRAPPER = """\
#!/bin/sh
# Made by host_tools/bootstrap: the library beside the program.
home=$(cd "$(dirname "$0")/.." && pwd)
for libraries in "$home"/usr/lib/*-linux-gnu*; do break; done
LD_LIBRARY_PATH="$libraries" exec "$home/usr/bin/nmcli" "$@"
"""


def _unpack(folder: Path) -> None:
    """apt checks what it fetches against its signed lists; dpkg-deb unpacks without installing."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise steps.StepError(f"no {program} here")
    steps.run("nmcli", ["apt-get", "-q", "download", *PACKAGES], cwd=folder)
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True, timeout=60)
        package.unlink()


def _make(folder: Path) -> None:
    program = folder / "bin" / "nmcli"
    program.parent.mkdir(parents=True)
    if found := shutil.which("nmcli"):
        program.symlink_to(found)
        return
    _unpack(folder)
    program.write_text(WRAPPER, encoding="utf-8")
    program.chmod(0o755)


def _works(program: Path) -> bool:
    done = subprocess.run([program, "--version"], capture_output=True, timeout=60)
    return done.returncode == 0


def ensure() -> None:
    """Make the program, doing nothing when it is there. Never an error."""
    if PROGRAM.exists():
        return
    fresh = HOME.with_name("nmcli.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _make(fresh)
        if not _works(fresh / "bin" / "nmcli"):
            raise steps.StepError("it does not start")
    except (steps.StepError, OSError, subprocess.SubprocessError) as error:
        steps.say(f"  nmcli: left out ({error}); the tests of NetworkManager's files need it")
        return
    shutil.rmtree(HOME, ignore_errors=True)
    fresh.rename(HOME)
