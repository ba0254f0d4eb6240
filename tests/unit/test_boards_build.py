# SPDX-License-Identifier: MIT
"""Two builds in different folders give the same bytes: the Pico's firmware, an emulated board's, a
native module. The second folder's path is longer and has a space in it, and what is built there is
built from nothing, while the checkout's is what its own incremental builds have made of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.boards import common, dist, table

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("micropython", "pico-sdk")
EMULATED, NATMOD = "qemu_m0plus", "armv6m"

pytestmark = [pytest.mark.boards, pytest.mark.slow, pytest.mark.timeout(1800)]


def run(folder: Path, *command: str | Path) -> None:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1500
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def build(folder: Path) -> None:
    """What `make rpi_pico` and its like do, without the setup around it."""
    run(folder, "make", "-C", "firmware/binding/natmod", f"ARCH={NATMOD}")
    run(folder, "make", "-C", "firmware/ports/qemu_mps2", f"BOARD={EMULATED.upper()}", "-j2")
    run(folder, sys.executable, "-m", "host_tools.boards", "build", "rpi_pico")


def shipped(folder: Path, target: Path) -> dict[str, str]:
    """Name -> hash of what `make boards` would ship from this folder."""
    chosen = [
        item
        for item in dist.items([EMULATED], [NATMOD], lambda board: None)
        if item.target in ("rpi_pico", EMULATED, f"natmod_{NATMOD}")
    ]
    target.mkdir()
    found = {}
    for item in chosen:
        files = tuple((name, folder / path.relative_to(ROOT)) for name, path in item.files)
        moved = dist.Item(item.target, item.check, files, item.strip)
        found.update({str(f["name"]): str(f["sha256"]) for f in dist.ship(moved, target)})
    return found


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's files and of the fetched sources, with nothing built."""
    folder = tmp_path_factory.mktemp("a folder with a longer path") / "copy"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in SOURCES:
        source = ROOT / ".cache" / "src" / name
        built = shutil.ignore_patterns(".git", "build")
        shutil.copytree(source, folder / ".cache" / "src" / name, symlinks=True, ignore=built)
    (folder / ".cache" / "venv").symlink_to(ROOT / ".cache" / "venv")
    cross = common.MPY_CROSS.relative_to(ROOT)
    (folder / cross).parent.mkdir(parents=True)
    shutil.copy2(ROOT / cross, folder / cross)
    return folder


def test_two_builds_in_different_folders_give_the_same_bytes(other: Path, tmp_path: Path) -> None:
    run(ROOT, sys.executable, "firmware/fetch.py", *table.BOARDS[0].sources)
    build(ROOT)
    here = shipped(ROOT, tmp_path / "here")
    build(other)
    there = shipped(other, tmp_path / "there")
    assert len(here) == 4
    assert here == there
    for name in here:
        content = (tmp_path / "there" / name).read_bytes()
        assert str(other).encode() not in content, name
