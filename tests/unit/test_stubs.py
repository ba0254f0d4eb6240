# SPDX-License-Identifier: MIT
"""The stubs of the board's modules say what the modules are: mypy's stubtest on CPython, where the
same files run. What only a board has, `_wireguard` in C, is looked at in tests/hil/test_stubs.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / "mpy" / "stubs"
WAIT_S = 120

# Not for programs: limits, and the modules that the client is made of, which have no stub.
INTERNAL = r"""
wireguard\.\w+\.[A-Z_]+
wireguard\.core.*
wireguard\.client\.WireGuard\.(build|need|run)
""" + "".join(
    rf"wireguard\.{path.stem}" + "\n"
    for path in (ROOT / "mpy" / "wireguard").glob("*.py")
    if not (STUBS / "wireguard-stubs" / f"{path.stem}.pyi").is_file()
)
# How the CPython build of the same C differs from the board's.
CPYTHON = r"""
_wireguard\.(Buffer|Path)
_wireguard\.(Netif|entropy|\w+_BYTES|REPLAY_BITS)
_wireguard\.PrivateKey\.generate
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The stubs under the names of the modules, as pip would make them visible."""
    for name in ("wireguard", "_wireguard"):
        (tmp_path / name).symlink_to(STUBS / f"{name}-stubs")
    return tmp_path


def mypy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    runtime = [ROOT / "mpy", ROOT / "firmware" / "binding" / "cpython"]
    environment = {
        **os.environ,
        "MYPYPATH": str(folder),
        "PYTHONPATH": os.pathsep.join(map(str, runtime)),
    }
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )


def stubtest(folder: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    allowlist = folder / "allowed"
    allowlist.write_text(INTERNAL + CPYTHON)
    # C functions take no keywords, those of the CPython build do.
    options = ["--concise", "--ignore-positional-only", "--ignore-unused-allowlist"]
    return mypy(folder, "mypy.stubtest", *modules, *options, "--allowlist", str(allowlist))


# What MicroPython's standard modules have beyond CPython's, and the board's own modules.
MICROPYTHON = r'has no attribute "(sleep_ms|ticks_ms|ticks_diff|mem_free|print_exception)"'


def check(folder: Path, *sources: Path) -> list[str]:
    """mypy's errors, without those that only say that this is not CPython."""
    options = ["--ignore-missing-imports", "--no-error-summary", "--cache-dir", os.devnull]
    options += ["--disable-error-code", "import-untyped", "--check-untyped-defs"]
    said = mypy(folder, "mypy", *options, *map(str, sources)).stdout.splitlines()
    return [line for line in said if not re.search(MICROPYTHON, line)]


def test_the_examples_are_well_typed_and_a_wrong_call_is_found(path: Path, tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(
        "import wireguard\n"
        "wireguard.WireGuard('wg0').activate(True)\n"
        "wireguard.WireGuard('wg0').config('mtus')\n"
    )
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert len(examples) > 5
    said = [line for line in check(path, *examples, program) if "note:" not in line]
    assert len(said) == 2 and all(line.startswith("wrong.py:") for line in said), said
    assert '"WireGuard" has no attribute "activate"' in said[0]
    assert "No overload variant" in said[1]


# The store's own helpers, which the other modules share, are no part of the stub.
HELPER = re.compile(r"wireguard\.store\.\w+ is not present in stub")


def test_names_signatures_and_defaults_are_the_modules(path: Path) -> None:
    done = stubtest(path, "wireguard", "_wireguard")
    assert done.returncode in (0, 1), done.stderr
    wrong = [line for line in done.stdout.splitlines() if not HELPER.fullmatch(line)]
    assert wrong == [], "mpy/stubs has to follow"


def test_a_stub_that_is_wrong_is_found(tmp_path: Path) -> None:
    source = STUBS / "wireguard-stubs"
    (tmp_path / "_wireguard").symlink_to(STUBS / "_wireguard-stubs")
    (tmp_path / "wireguard").mkdir()
    for file in source.iterdir():
        (tmp_path / "wireguard" / file.name).write_text(file.read_text())
    link = tmp_path / "wireguard" / "link.pyi"
    text = link.read_text().replace("timeout_ms: int = 3000", "timeout_ms: int = 3001")
    link.write_text(text.replace("    def step(self)", "    def stop(self)"))
    said = stubtest(tmp_path, "wireguard").stdout
    for part in ("link.RawLink.step", "link.RawLink.stop", "link.RawLink.ping"):
        assert f"wireguard.{part} " in said, said
