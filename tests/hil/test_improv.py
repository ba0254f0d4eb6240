# SPDX-License-Identifier: MIT
"""Improv on the real firmware, on the REPL's own serial line. The emulated board has no Wi-Fi, so
that an object stands for network.WLAN."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

from mpremote.transport_serial import SerialTransport

from tests.hil.test_wgprov import ELF, ENV, python
from tests.unit.test_improv import INFO, NO_ERROR, PROVISIONED, command, packets, strings, wifi
from wgprov.targets.qemu import QemuBoard

SERVE = f"""
class Wlan:
    up = False
    def active(self, on): pass
    def isconnected(self): return self.up
    def disconnect(self): self.up = False
    def connect(self, ssid, key=None): self.up = (ssid, key) == ("home", "secret!!")
    def scan(self): return [(b"home", b"123456", 1, -50, 3, False)]
from wireguard import improv
result = improv.serve(wlan=Wlan(), info={INFO!r}, url="http://10.7.0.2/", connect_ms=200)
"""


def converse(port: str, *parts: bytes) -> list[tuple[int, bytes]]:
    """Send each part when the answer to the one before is over."""
    said = b""
    with open(os.open(port, os.O_RDWR | os.O_NOCTTY), "r+b", buffering=0) as line:
        for part in parts:
            line.write(part)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and select.select([line], [], [], 0.5)[0]:
                said += line.read(4096)
    return packets(said.removesuffix(b"\x04\x04>"))


def test_a_web_installers_conversation(tmp_path: Path) -> None:
    with QemuBoard(ENV, ELF, tmp_path / "flash.bin") as board:
        board.wait_prompt()
        repl = SerialTransport(board.port, timeout=3)
        repl.enter_raw_repl(soft_reset=False, timeout_overall=5)
        repl.exec_raw_no_follow(SERVE)
        repl.close()
        wrong = wifi("home", "wrong...")
        said = converse(board.port, command(3), command(4), wrong, wifi("home", "secret!!"))
        assert strings(said[1][1]) == INFO
        assert strings(said[3][1]) == ["home", "-50", "YES"] and strings(said[4][1]) == []
        assert (2, b"\x03") in said and said[-2] == PROVISIONED and NO_ERROR in said
        assert strings(said[-1][1]) == ["http://10.7.0.2/"]
        assert python(board, "print(result)") == "True", "and the REPL is back"


def test_a_board_without_wifi(tmp_path: Path) -> None:
    with QemuBoard(ENV, ELF, tmp_path / "flash.bin") as board:
        board.wait_prompt()
        code = "from wireguard import improv\ntry: improv.serve()\nexcept OSError as e: print(e)"
        assert python(board, code) == "this board has no Wi-Fi"
