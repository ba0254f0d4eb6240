# SPDX-License-Identifier: MIT
"""System packages: finds which are missing and installs them by apt."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from . import steps

LOCK_TIMEOUT_S = 300


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _file(*names: str) -> Callable[[], bool]:
    return lambda: any(Path(name).exists() for name in names)


def _newlib() -> bool:
    """The compiler knows where its C library is (an absolute path), whoever packaged it."""
    if shutil.which("arm-none-eabi-gcc") is None:
        return False
    command = ["arm-none-eabi-gcc", "-print-file-name=libc.a"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    return os.path.isabs(done.stdout.strip())


def _libc() -> bool:
    """A C program that includes a header and links."""
    if shutil.which("gcc") is None:
        return False
    command = ["gcc", "-xc", "-", "-o", os.devnull]
    source = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
    return subprocess.run(command, input=source, text=True, capture_output=True).returncode == 0


def _cpp_headers() -> bool:
    """The cross compiler finds C++ headers: pico-sdk has one C++ source."""
    if shutil.which("arm-none-eabi-g++") is None:
        return False
    command = ["arm-none-eabi-g++", "-xc++", "-fsyntax-only", "-"]
    source = "#include <cstdlib>\n"
    return subprocess.run(command, input=source, text=True, capture_output=True).returncode == 0


def _can_make_venv() -> bool:
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


# Debian and Ubuntu use the same names for all of these.
PACKAGES: dict[str, Callable[[], bool]] = {
    "git": _program("git"),
    "ca-certificates": _file("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs"),
    "gcc": _program("gcc"),
    "libc6-dev": _libc,
    "dpkg-dev": _program("dpkg-source"),
    "gcc-arm-none-eabi": _program("arm-none-eabi-gcc"),
    "libnewlib-arm-none-eabi": _newlib,
    "qemu-system-arm": _program("qemu-system-arm"),
    # pio debug
    "gdb-multiarch": _program("gdb-multiarch"),
    # bench: RISC-V and Xtensa
    "qemu-system-misc": _program("qemu-system-riscv32"),
    "gcc-riscv64-unknown-elf": _program("riscv64-unknown-elf-gcc"),
    "valgrind": _program("valgrind"),
    "python3-venv": _can_make_venv,
}
# Installed where we may, done without where we may not: a second reader for the demo's capture,
# and the judge of what wgprov exports.
OPTIONAL: dict[str, Callable[[], bool]] = {
    "tshark": _program("tshark"),
    "wireguard-tools": _program("wg"),
}
# A C library for 32-bit RISC-V: for the RP2350's firmware, and for MicroPython's own port to QEMU's
# RISC-V, in which native modules are run.
PICOLIBC = {"picolibc-riscv64-unknown-elf": _file("/usr/lib/picolibc/riscv64-unknown-elf")}
# Installed when a board that needs them is built (host_tools/boards).
BOARD_PACKAGES: dict[str, Callable[[], bool]] = {
    "cmake": _program("cmake"),
    "g++": _program("g++"),
    "ninja-build": _program("ninja"),
    "libstdc++-arm-none-eabi-dev": _cpp_headers,
    "gcc-riscv64-unknown-elf": PACKAGES["gcc-riscv64-unknown-elf"],
    **PICOLIBC,
}
# Installed for the target of make that needs them: `python3 -m host_tools.bootstrap tools NAME`.
TOOL_PACKAGES: dict[str, dict[str, Callable[[], bool]]] = {
    "natmods": PICOLIBC,
    # a server to provision a fleet with
    "fleet": {"postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))},
    "fuzz": {
        "clang-14": _program("clang-14"),
        "libclang-rt-14-dev": _file("/usr/lib/llvm-14/lib/clang"),
    },
    "analyze": {"cppcheck": _program("cppcheck"), "clang-tidy-14": _program("clang-tidy-14")},
}


def choose(names: Sequence[str]) -> dict[str, Callable[[], bool]]:
    """These of the boards' packages."""
    return {name: BOARD_PACKAGES[name] for name in names}


def missing(packages: dict[str, Callable[[], bool]] = PACKAGES) -> list[str]:
    """Packages whose program or file this machine lacks."""
    return [name for name, is_there in packages.items() if not is_there()]


def _privilege() -> list[str] | None:
    """What to put before apt-get: nothing for root, sudo when it asks for no password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        done = subprocess.run(["sudo", "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return ["sudo", "-n"]
    return None


def _refresh_index(apt: list[str]) -> None:
    """An index that cannot be refreshed is not yet an error: the old one may do."""
    try:
        steps.run("package index", [*apt, "update"])
    except steps.StepError as error:
        steps.say(f"  {error}; going on with the index at hand")


def install_missing(
    packages: dict[str, Callable[[], bool]] = PACKAGES,
    optional: dict[str, Callable[[], bool]] = OPTIONAL,
) -> None:
    """Install what is missing, after one line that says it. Status 2 where we may not."""
    required = missing(packages)
    names = required + missing(optional)
    if not names:
        return
    privilege = _privilege() if shutil.which("apt-get") else None
    listed = " ".join(required if privilege is None else names)
    if privilege is None:
        if not required:
            return
        raise steps.StepError(
            f"missing system packages: {listed}\n"
            f"setup: they cannot be installed from here; run: sudo apt-get install {listed}",
            status=2,
        )
    steps.say(f"setup: installing system packages: {listed}")
    quiet = [] if not privilege else ["env", "DEBIAN_FRONTEND=noninteractive"]
    apt = [*privilege, *quiet, "apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT_S}"]
    _refresh_index(apt)
    steps.run(
        "system packages",
        [*apt, "install", "--yes", "--no-install-recommends", *names],
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )
    if left := missing(packages):
        raise steps.StepError(f"still missing after the installation: {' '.join(left)}")
