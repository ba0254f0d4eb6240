# SPDX-License-Identifier: MIT
"""Two builds in different folders give the same bytes: the Pico's firmware, an emulated board's, a
native module. One folder is this checkout, which builds what has changed; the other is a copy in
which nothing is built yet, and its path is longer and has a space in it."""

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


COMMANDS: dict[str, list[str]] = {
    "rpi_pico": [sys.executable, "-m", "host_tools.boards", "build", "rpi_pico"],
    EMULATED: ["make", "-C", "firmware/ports/qemu_mps2", f"BOARD={EMULATED.upper()}", "-j2"],
    f"natmod_{NATMOD}": ["make", "-C", "firmware/binding/natmod", f"ARCH={NATMOD}"],
}


def shipped(folder: Path, name: str, target: Path) -> dict[str, str]:
    """Name -> hash of what `make boards` would ship of this target from this folder."""
    chosen = dist.items([EMULATED], [NATMOD], lambda board: None)
    item = next(item for item in chosen if item.target == name)
    files = tuple((file, folder / path.relative_to(ROOT)) for file, path in item.files)
    described = dist.ship(dist.Item(name, item.check, files, item.strip), target)
    return {str(file["name"]): str(file["sha256"]) for file in described}


def copy_checkout(folder: Path) -> None:
    """The checkout's files and the fetched sources, with nothing built but mpy-cross."""
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


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same files."""
    run(ROOT, sys.executable, "firmware/fetch.py", *table.BOARDS[0].sources)
    folder = tmp_path_factory.mktemp("a folder with a longer path") / "another copy"
    copy_checkout(folder)
    return folder


@pytest.mark.parametrize("target", [f"natmod_{NATMOD}", EMULATED, "rpi_pico"])
def test_two_builds_in_different_folders_give_the_same_bytes(
    copy: Path, tmp_path: Path, target: str
) -> None:
    found = []
    for folder in (ROOT, copy):
        run(folder, *COMMANDS[target])
        found.append(shipped(folder, target, tmp_path))
        for name in found[0]:
            assert str(folder).encode() not in (tmp_path / name).read_bytes(), name
    assert found[0] == found[1]
