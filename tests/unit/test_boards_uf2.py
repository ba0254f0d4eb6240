# SPDX-License-Identifier: MIT
"""The Pico's UF2 in an RP2040 emulator: keys come from the ring oscillator, or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wgprov.targets.rp2040 import Rp2040Board

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
TRY = """
import _wireguard
print(_wireguard.entropy(), _wireguard.selftest())
for i in range(8):
    try:
        print(_wireguard.PrivateKey.generate().public_key().hex())
    except OSError as error:
        print(error.errno)
"""

pytestmark = [pytest.mark.boards, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def uf2() -> Path:
    command = [sys.executable, "-m", "host_tools.boards", "build", "rpi_pico"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / ".cache" / "build" / "firmware" / "rpi_pico" / "firmware.uf2"


def lines(*command: str | Path) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("\n")


def test_a_stuck_oscillator_makes_no_key(uf2: Path) -> None:
    """rp2040py by itself has none: its bit reads as one for ever."""
    said = lines(PROGRAMS / "rp2040py", "micropython", "--image", uf2, "-c", TRY)
    at = said.index("rosc 0")
    assert said[at + 1 : at + 9] == ["5"] * 8  # EIO


def test_keys_from_the_oscillator(uf2: Path, tmp_path: Path) -> None:
    with Rp2040Board("rpi_pico", uf2, tmp_path / "flash.bin") as board:
        said = lines(PROGRAMS / "mpremote", "connect", board.port, "exec", TRY)
    assert said[0].strip() == "rosc 0"
    keys = [bytes.fromhex(line.strip()) for line in said[1:9]]
    assert len(set(keys)) == 8 and all(len(key) == 32 for key in keys)
