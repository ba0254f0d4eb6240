# SPDX-License-Identifier: MIT
"""Which cores a build gets: options.mk, micropython.cmake, and the compiler's own veto."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CRYPTO = ROOT / "firmware" / "crypto"
UNEVEN = ("poly1305", "x25519")
PRINT = """
include firmware/crypto/sources.mk
include firmware/crypto/arch/$(ARCH).mk
include firmware/crypto/options.mk
all: ; @echo 'CORES $(WG_CORES)'; echo 'DEFINES $(WG_DEFINES)'
"""
PROJECT = """
cmake_minimum_required(VERSION 3.13)
project(lists NONE)
add_library(usermod INTERFACE)
include("{root}/firmware/binding/micropython.cmake")
list(JOIN WG_CORES " " cores)
list(JOIN WG_DEFINES " " defines)
message("CORES ${{cores}}")
message("DEFINES ${{defines}}")
"""


def run(*words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def lists(text: str) -> tuple[dict[str, str], set[str]]:
    """Algorithm to its core's name, and the algorithms that have a fallback."""
    cores = re.search(r"^CORES (.*)$", text, re.M)
    defines = re.search(r"^DEFINES (.*)$", text, re.M)
    assert cores and defines, text
    paths = [Path(word) for word in cores[1].split()]
    fallback = set(re.findall(r"-DWG_FALLBACK_(\w+)", defines[1]))
    assert ("-DWG_FALLBACK" in defines[1].split()) == bool(fallback)
    return {path.parent.name: path.stem for path in paths}, fallback


def by_make(arch: str, *options: str) -> tuple[dict[str, str], set[str]]:
    done = run("make", "-s", "-f", "-", f"ARCH={arch}", *options, stdin=PRINT)
    assert done.returncode == 0, done.stderr
    return lists(done.stdout)


def by_cmake(folder: Path, arch: str, *options: str) -> tuple[dict[str, str], set[str]]:
    (folder / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT), encoding="utf-8")
    flags = [f"-D{option}" for option in options]
    done = run("cmake", "-S", folder, "-B", folder / "out", f"-DWG_ARCH={arch}", *flags)
    assert done.returncode == 0, done.stderr
    return lists(done.stderr)


@pytest.mark.parametrize("arch", sorted(path.stem for path in (CRYPTO / "arch").glob("*.mk")))
@pytest.mark.parametrize(
    "options", [(), ("WG_SIZE=small",), ("WG_FALLBACK=1",), ("WG_SIZE=small", "WG_FALLBACK=1")]
)
def test_make_and_cmake_agree(arch: str, options: tuple[str, ...], tmp_path: Path) -> None:
    cores, fallback = by_make(arch, *options)
    assert (cores, fallback) == by_cmake(tmp_path, arch, *options)
    assert len(cores) == 5
    uneven = UNEVEN if arch == "xtensa" else ()
    if "WG_SIZE=small" in options:
        assert {name for name, core in cores.items() if core != "generic32"} == set(uneven)
    tuned = {name for name, core in cores.items() if core != "generic32"}
    assert fallback == (tuned - set(uneven) if "WG_FALLBACK=1" in options else set())


@pytest.mark.parametrize("algorithm", ["blake2s", "chacha20", *UNEVEN])
def test_compiler_for_xtensa_refuses_what_branches_on_carries(algorithm: str) -> None:
    """Whatever list a build has: no generic core runs there in a time that depends on secrets."""
    source = CRYPTO / "cores" / algorithm / "generic32.c"
    command = ("cc", "-std=c11", "-fsyntax-only", f"-I{CRYPTO / 'include'}", source)
    assert run(*command).returncode == 0
    assert run(*command, "-D__XTENSA__", "-DWG_UNEVEN_TIME_ACCEPTED").returncode == 0
    done = run(*command, "-D__XTENSA__")
    assert (done.returncode != 0) == (algorithm in UNEVEN)
    assert ("not in constant time on Xtensa" in done.stderr) == (algorithm in UNEVEN)
