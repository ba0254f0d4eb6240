#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots an emulated board and leaves it running, for `pio run -t upload`.

    emulator.py start ENV | stop ENV

A keeper process holds the board until it is told to end. In .cache/run it keeps ENV.pid (its
process), ENV.tty (a link to the board's serial port, the same at every start), ENV.flash (the
board's file system, which survives) and ENV.log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / ".cache" / "run"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.05


def fail(text: str) -> int:
    """Exit status of a failure, told in one line."""
    print(f"emulator: {text}", file=sys.stderr)
    return 1


def firmware(name: str) -> Path:
    return ROOT / ".cache" / "build" / "firmware" / name / "firmware.elf"


def keeper(name: str) -> int | None:
    """Process id of the running keeper of this board in this checkout; None when there is none.

    A number in a file may have passed to another process since: only one that was started with
    this very script and board counts.
    """
    try:
        pid = int((RUN / f"{name}.pid").read_text(encoding="utf-8"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    wanted = [os.fsencode(__file__), b"keep", name.encode()]
    return pid if wanted == words[1:4] else None


def stop(name: str) -> bool:
    """End the board's keeper, which ends QEMU. False when it does not end in time."""
    pid = keeper(name)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while pid is not None and keeper(name) == pid:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            break
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def keep(name: str) -> None:
    """Hold the board until SIGTERM. Runs detached; `start` waits for the link."""
    from wgprov.targets.qemu import QemuBoard

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    link = RUN / f"{name}.tty"
    with QemuBoard(name, firmware(name), RUN / f"{name}.flash") as board:
        try:
            fresh = RUN / f"{name}.tty.new"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.path.realpath(board.port))
            fresh.replace(link)
            while Path(f"/proc/{board.pid}/fd").exists():
                time.sleep(1.0)
        finally:
            link.unlink(missing_ok=True)
            (RUN / f"{name}.pid").unlink(missing_ok=True)


def start(name: str) -> int:
    """Boot the board, in place of the one that an earlier start left running."""
    if not firmware(name).is_file():
        return fail(f"there is no firmware for {name} yet: run `make firmware ENV={name}`")
    if not stop(name):
        return fail(f"the board that is running (process {keeper(name)}) does not stop")
    RUN.mkdir(parents=True, exist_ok=True)
    link, log = RUN / f"{name}.tty", RUN / f"{name}.log"
    link.unlink(missing_ok=True)
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, __file__, "keep", name],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    (RUN / f"{name}.pid").write_text(f"{process.pid}\n", encoding="utf-8")
    deadline = time.monotonic() + START_TIMEOUT_S
    while not link.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return fail(f"the board did not start: {lines[-1] if lines else 'no message'}")
        time.sleep(POLL_S)
    shown = link.relative_to(ROOT)
    print(f"{name} is running; its serial port is {shown} ({os.path.realpath(link)})")
    print(f"  REPL: pio device monitor -e {name}     stop: pio run -e {name} -t stop")
    return 0


def main(arguments: list[str]) -> int:
    """Command line."""
    if len(arguments) != 2 or arguments[0] not in ("start", "stop", "keep"):
        print("usage: emulator.py start|stop ENV", file=sys.stderr)
        return 2
    verb, name = arguments
    if verb == "keep":
        keep(name)
        return 0
    if verb == "start":
        return start(name)
    if keeper(name) is None:
        print(f"{name} is not running")
        return 0
    return 0 if stop(name) else fail(f"process {keeper(name)} does not stop")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
