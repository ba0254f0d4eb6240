# SPDX-License-Identifier: MIT
"""A C compiler for Xtensa (windowed ABI, the LX6 of the ESP32) in .cache/xtensa/bin: `make xtensa`.

    xtensa-gcc, xtensa-nm …    code for the real chips
    xtensa-short-gcc           the same without MULUH, which the emulated core lacks

Espressif's own compiler is used when it is on PATH. Else, as it is in no package registry: Debian's
gcc for another Xtensa core (firmware/xtensa.lock), with a plugin that describes this one
(xtensa_core/). It lies beside the rest of setup because it fetches and builds for a machine, but
setup does not run it: only the Xtensa figures and tests need it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from . import debs, paths, steps

ESPRESSIF = "xtensa-esp32-elf-"
DEBIAN = "xtensa-lx106-elf-"
TOOLS = ("gcc", "as", "ld", "nm", "objcopy", "objdump", "size", "ar", "readelf")
LOCK = paths.ROOT / "firmware" / "xtensa.lock"
FETCH = debs.FETCH
CORE = Path(__file__).parent / "xtensa_core"
SOURCES = paths.CACHE / "src" / "xtensa"
HOME = paths.CACHE / "xtensa"
PROGRAMS = HOME / "usr" / "bin"
COMPILER = HOME / "usr" / "lib" / "gcc" / "xtensa-lx106-elf" / "13.3.0"
UNNEEDED = ("cc1plus", "d21", "lto1", "*-lto-dump", "*-gdc", "share", "gconv")
STAMP = "xtensa"


def _key() -> str:
    """What the compiler is made of. The place counts: its programs name their loader by it."""
    files = [LOCK, debs.REQUIREMENTS, Path(__file__), *sorted(CORE.iterdir())]
    return paths.digest([*files, str(HOME), str(shutil.which(ESPRESSIF + "gcc"))])


def _write_program(name: str, text: str) -> None:
    path = HOME / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def _wrap_espressif() -> None:
    """Short names for the compiler of the user's machine, which knows MULUH by itself."""
    for tool in TOOLS:
        _write_program(f"xtensa-{tool}", f'exec {ESPRESSIF}{tool} "$@"')
    _write_program("xtensa-short-gcc", f'exec {ESPRESSIF}gcc -DWG_SHORT_MULTIPLY "$@"')


def _wrap_debian() -> None:
    long, short = ' "-Wa,$home/lib/muluh.s"', " -DWG_SHORT_MULTIPLY"
    for core, label, options in (("long", "", long), ("short", "short-", short)):
        start = (
            'home=$(dirname "$0")/..\n'
            f"XTENSA_GNU_CONFIG=$home/lib/{core}.so\nexport XTENSA_GNU_CONFIG\n"
            f'exec "$home/usr/bin/{DEBIAN}'
        )
        for tool in TOOLS:
            more = options if tool == "gcc" else ""
            _write_program(f"xtensa-{label}{tool}", f'{start}{tool}"{more} "$@"')


def _copy_packages() -> None:
    """The C++ and D compilers are left out."""
    packages = (path for path in sorted(SOURCES.iterdir()) if path.name not in ("binutils", "qemu"))
    debs.merge(packages, HOME / "usr", UNNEEDED)


def _build_plugin() -> None:
    binutils, qemu = SOURCES / "binutils", SOURCES / "qemu" / "target" / "xtensa"
    include = [f"-I{path}" for path in (binutils / "include", binutils / "bfd")]
    include.append(f"-I{qemu / 'core-de233_fpu'}")
    (HOME / "lib").mkdir()
    shutil.copy(CORE / "muluh.s", HOME / "lib")
    for name, muluh in (("long", 1), ("short", 0)):
        command = ["gcc", "-O1", "-w", "-shared", "-fPIC", f"-DMULUH={muluh}", *include]
        output = HOME / "lib" / f"{name}.so"
        steps.run(f"core {name}", [*command, CORE / "core.c", CORE / "modules.c", "-o", output])


def _install_debian() -> None:
    if not debs.are_usable(platform.machine()):
        raise steps.StepError(
            "an Xtensa compiler can be put together on Debian or Ubuntu on amd64 only; elsewhere "
            f"put Espressif's {ESPRESSIF}gcc on PATH"
        )
    debs.fetch(LOCK, "the Xtensa compiler", FETCH)
    steps.say("* Xtensa compiler: putting its programs together ...")
    _copy_packages()
    debs.patch_programs(
        HOME, (PROGRAMS, COMPILER, HOME / "usr" / "lib" / "xtensa-lx106-elf" / "bin")
    )
    _build_plugin()
    _wrap_debian()


def _check() -> None:
    """The compiler compiles, for the core that is meant."""
    command = [str(HOME / "bin" / "xtensa-gcc"), "-x", "c", "-dM", "-E", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "__XTENSA_WINDOWED_ABI__" not in done.stdout:
        raise steps.StepError(f"xtensa-gcc does not work: {(done.stderr or done.stdout)[-300:]}")


def ensure() -> None:
    """Make the compiler current, doing nothing when it is."""
    key = _key()
    if paths.stamp_is(STAMP, key) and (HOME / "bin" / "xtensa-gcc").exists():
        return
    paths.clear_stamp(STAMP)
    shutil.rmtree(HOME, ignore_errors=True)
    if shutil.which(ESPRESSIF + "gcc"):
        steps.say(f"* Xtensa compiler: {ESPRESSIF}gcc, found on PATH")
        _wrap_espressif()
    else:
        _install_debian()
    _check()
    paths.set_stamp(STAMP, key)
