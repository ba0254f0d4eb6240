# SPDX-License-Identifier: MIT
"""What every emulated board has: a name, a process and a serial line with a prompt on it."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import time
import tty
from collections.abc import Iterator

PROMPT = b">>> "
KNOCK_INTERVAL_S = 0.25


class SerialBoard:
    """Mixed into a target that has `env`, `port` and `_check_alive`, and raises `failure`."""

    env: str
    failure: type[RuntimeError]

    @property
    def port(self) -> str:
        raise NotImplementedError

    def _check_alive(self) -> None:
        raise NotImplementedError

    def wait_prompt(self, timeout: float = 10.0, *, interrupt: bool = False) -> None:
        """Wait for the REPL's prompt, knocking with Return and Ctrl-B, which leaves the raw REPL
        (interrupt: with Ctrl-C before it, which ends a running main.py)."""
        with self.open() as line:
            seen = b""
            deadline = time.monotonic() + timeout
            while not seen.endswith(PROMPT):
                if time.monotonic() > deadline:
                    raise self.failure(
                        f"{self.env}: no prompt within {timeout:g} s; last output {seen[-80:]!r}"
                    )
                if select.select([line], [], [], KNOCK_INTERVAL_S)[0]:
                    seen += os.read(line, 4096)
                else:
                    self._check_alive()
                    os.write(line, b"\x03\x02" if interrupt else b"\r\x02")

    @contextlib.contextmanager
    def open(self) -> Iterator[int]:
        """The serial line as a raw file descriptor."""
        fd = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(fd, termios.TCSANOW)
            yield fd
        finally:
            os.close(fd)
