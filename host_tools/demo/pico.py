# SPDX-License-Identifier: MIT
"""A Raspberry Pi Pico for demo and tests: the UF2 in rp2040py, its uplink PPP on UART0.

Needs the folder tests/hil in sys.path, for the other end of the PPP link.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from demo import board_script
from demo.lwip_memory import symbols
from demo.rig import CACHE, INTERFACE, ROOT, Rig

from ppp.peer import PppPeer
from wgprov.targets.rp2040 import ENV, Rp2040Board

UPLINK = ROOT / "examples" / "ppp_uplink.py"
PROMPT_TIMEOUT_S = 120.0
LINK_TIMEOUT_S = 120.0
PASS_TIMEOUT_S = 240.0
FRESH_S = 20.0  # keys older than that may not last for a transfer


def uf2() -> Path:
    return CACHE / "build" / "firmware" / ENV / "firmware.uf2"


class PicoRig(Rig):
    """As Rig. The board is given a main.py that brings PPP up, as its user would write it."""

    patience = 30.0
    transfer_bytes = 64 * 1024
    datagrams = 50
    datagram_pace = 10
    board: Rp2040Board
    network: PppPeer

    def __init__(self, folder: Path, *, extra: str = "", image: Path | None = None) -> None:
        """image: another UF2 than `make rpi_pico`'s, with its ELF beside it."""
        self.image = image or uf2()
        super().__init__(ENV, folder, elf=self.image.with_suffix(".elf"), extra=extra)

    def _new_board(self, stack: ExitStack) -> Rp2040Board:
        self.network = stack.enter_context(PppPeer(pcap=self.capture))
        return Rp2040Board(ENV, self.image, self.flash)

    def boot(self) -> float:
        started = time.monotonic()
        self._stack.enter_context(self.board)
        self.network.attach(self.board.uart)
        self.board.wait_prompt(PROMPT_TIMEOUT_S)
        return time.monotonic() - started

    def install_uplink(self) -> float:
        """Copy main.py to the board and reset it; seconds until PPP is up and the prompt there."""
        board_script.write_file(self.board.port, "main.py", UPLINK.read_bytes())
        started = time.monotonic()
        self.reset()
        self.network.wait_up(LINK_TIMEOUT_S)
        self.board.wait_prompt(PROMPT_TIMEOUT_S)
        return time.monotonic() - started

    def join(self) -> None:
        self.known_at = time.time()
        self.install_uplink()

    def let_pass(self, seconds: float) -> None:
        self.board.let_pass(seconds, PASS_TIMEOUT_S)

    def before_transfer(self) -> None:
        """New keys, by connect(). While the emulator computes, the servers' clocks go on and the
        board's hardly does: it would go on with keys that they reject (180 s, paper §6.2), and
        answer their initiations later than they wait for that (5 s)."""
        if self.restarted_at:  # that the board notices by itself is to be seen first
            self.wait_second(self.restarted_at)
        before = time.time()
        if before - self.server.stats()[self.board_key].last_handshake < FRESH_S:
            return
        self.run("tunnel_events", f"connect({INTERFACE!r})")
        self.wait_handshake(before)
        self.wait_second(before)

    def restart(self) -> None:
        """Switch the board off and on; its flash stays."""
        self.board.restart()
        self.network.attach(self.board.uart)

    def files(self) -> dict[str, Path]:
        return {"firmware": self.image, **super().files()}

    @property
    def network_address(self) -> str:
        """The board's address on the link."""
        return str(IPv4Address(self.network.board))

    def symbol(self, name: str) -> int:
        """Address of a symbol of the firmware."""
        return self.symbols()[name]

    def symbols(self) -> dict[str, int]:
        return symbols(self.elf)

    def state(self) -> dict[str, Any]:
        return dict(self.run("tunnel_state", "state()"))
