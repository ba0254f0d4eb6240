# SPDX-License-Identifier: MIT
"""An emulated board that goes on running when the program that booted it ends: an upload.

In its folder are NAME.pid (QEMU's process), NAME.tty (a link to the board's serial port, the same
at every start) and NAME.flash (the board's file system, which survives).
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from wgprov.targets.qemu import QemuBoard, QemuError

STOP_TIMEOUT_S = 10.0
POLL_S = 0.05


class KeptBoard:
    """The board `name`, one of qemu.MACHINES, of a folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.link = folder / f"{name}.tty"
        self.flash = folder / f"{name}.flash"
        self._pid = folder / f"{name}.pid"

    def running(self) -> int | None:
        """QEMU's process that `start` left; None when there is none.

        A number in a file may have passed to another process since: only a QEMU with our flash file
        on its command line counts.
        """
        try:
            pid = int(self._pid.read_text(encoding="utf-8"))
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        flash = os.fsencode(self.flash.resolve()).replace(b",", b",,")
        is_ours = b"qemu-system-arm" in words[0] and any(w.endswith(b"=" + flash) for w in words)
        return pid if is_ours else None

    def stop(self) -> None:
        """End the board that runs, if any. QemuError when it does not end in time."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while (pid := self.running()) is not None:
            if time.monotonic() > deadline:
                raise QemuError(f"process {pid} ({self.name}) does not stop")
            os.kill(pid, signal.SIGTERM)
            time.sleep(POLL_S)
        for path in (self._pid, self.link):
            path.unlink(missing_ok=True)

    def start(self, elf: Path) -> int:
        """Boot the board with this image, in place of the one that runs; QEMU's process."""
        board = QemuBoard(self.name, elf, self.flash, link=self.link, detach=True)
        board._check_files()  # before the one that runs is stopped
        self.stop()
        board.start()
        self._pid.write_text(f"{board.pid}\n", encoding="utf-8")
        board.wait_prompt(interrupt=True)
        return board.pid
