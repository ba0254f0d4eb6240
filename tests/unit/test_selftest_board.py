# SPDX-License-Identifier: MIT
"""A library and a board whose tuned core is wrong, and whose generic core is too: built from the
sources with planted cores."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mpremote.transport_serial import SerialTransport

from wgprov.targets.qemu import QemuBoard

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".cache" / "build"
SOURCES = BUILD / "planted" / "firmware"
PORT = ROOT / "firmware" / "ports" / "qemu_mps2"
BUILD_TIMEOUT_S = 280

WRONG_CORE = """
#include <stddef.h>
#include "wg_x25519.h"
void wg_x25519_core(uint8_t out[32], const uint8_t scalar[32], const uint8_t *point) {
    for (unsigned i = 0; i < 32; i++) {
        out[i] = (uint8_t)(scalar[i] ^ (point == NULL ? 9 : point[i]));
    }
}
"""
TWICE = """
for _ in range(2):
    try:
        import _wireguard
        print("imported")
    except ImportError as error:
        print(error)
"""


def copy_sources() -> None:
    """What changed, with its time, so that make builds only that."""
    for path in (ROOT / "firmware").rglob("*"):
        copy = SOURCES / path.relative_to(ROOT / "firmware")
        if not path.is_file() or "ports" in path.parts:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copy(path, copy)


def plant(name: str) -> None:
    (SOURCES / "crypto" / "cores" / "x25519" / f"{name}.c").write_text(WRONG_CORE)


def choose_planted() -> None:
    path = SOURCES / "crypto" / "arch" / "armv7em.mk"
    path.write_text(re.sub(r"cores/x25519/\S+", "cores/x25519/planted.c", path.read_text()))


def build() -> Path:
    """Relative paths: make cannot quote a space in the checkout's."""
    command = ["make", "-C", str(PORT), "BOARD=QEMU_AN386", "WG_FALLBACK=1"]
    command += ["BUILD=../../../.cache/build/firmware/planted"]
    command += ["USER_C_MODULES=../../../.cache/build/planted/firmware"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S)
    assert done.returncode == 0, done.stderr[-2000:]
    return BUILD / "firmware" / "planted" / "firmware.elf"


def on_board(elf: Path, folder: Path, code: str) -> str:
    with QemuBoard("qemu_an386", elf, folder / "flash.bin") as qemu:
        qemu.wait_prompt(30)
        line = SerialTransport(qemu.port, timeout=5)
        try:
            line.enter_raw_repl(soft_reset=False, timeout_overall=10)
            out, err = line.exec_raw(code, timeout=60)
        finally:
            line.close()
    assert not err, err.decode()
    return out.decode().strip()


def library(folder: str, *options: str) -> Path:
    """The CPython library with the planted core, in a folder of .cache/build/planted."""
    (BUILD / "planted" / "x25519").mkdir(parents=True, exist_ok=True)
    (BUILD / "planted" / "x25519" / "planted.c").write_text(WRONG_CORE)
    names = ("blake2s", "chacha20", "poly1305", "chacha20poly1305")
    cores = [f"cores/{name}/generic32.c" for name in names]
    cores.append("../../.cache/build/planted/x25519/planted.c")
    command = ["make", "-s", "-C", str(ROOT / "firmware" / "binding" / "cpython")]
    command += [f"OUT=../../../.cache/build/planted/{folder}", f"WG_CORES={' '.join(cores)}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return BUILD / "planted" / folder / "lib_wireguard.so"


def on_cpython(library: Path, code: str) -> subprocess.CompletedProcess[str]:
    folders = [ROOT / "mpy", ROOT / "firmware" / "binding" / "cpython"]
    environment = dict(os.environ, WIREGUARD_LIBRARY=str(library))
    environment["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )


def test_good_cores_on_cpython() -> None:
    import wireguard

    report = wireguard.selftest()
    assert set(report.values()) == {(core, "passed") for core in ("generic32", "hkdf", "xaead")}
    assert {"blake2s", "chacha20poly1305", "x25519"} < report.keys()


def test_wrong_core_on_cpython_is_replaced() -> None:
    done = on_cpython(
        library("fallback", "WG_FALLBACK=1"), "import wireguard\nprint(wireguard.selftest())"
    )
    report = ast.literal_eval(done.stdout)
    assert report.pop("x25519") == ("generic32", "replaced")
    assert {result for _, result in report.values()} == {"passed"}


def test_wrong_core_on_cpython_without_another() -> None:
    done = on_cpython(library("alone"), "import _wireguard")
    assert "ImportError: self-test of the crypto code failed: 0x40" in done.stderr


@pytest.mark.long
@pytest.mark.timeout(900)
def test_wrong_cores_on_a_board(tmp_path: Path) -> None:
    copy_sources()
    plant("planted")
    choose_planted()
    elf = build()
    report = ast.literal_eval(
        on_board(elf, tmp_path, "import wireguard\nprint(wireguard.selftest())")
    )
    assert report.pop("x25519") == ("generic32", "replaced")
    assert report["chacha20"] == ("armv7em", "passed")
    assert {result for _, result in report.values()} == {"passed"}
    script = (ROOT / "tests" / "device" / "test_crypto.py").read_text(encoding="utf-8")
    assert on_board(elf, tmp_path, script).count("PASS") == 4

    plant("generic32")
    refused = on_board(build(), tmp_path, TWICE).splitlines()
    assert refused == ["crypto self-test failed (64)"] * 2
