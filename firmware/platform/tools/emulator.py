#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots an emulated board and leaves it running, for `pio run -t upload`.

    emulator.py start ENV | stop ENV
    emulator.py debug ENV PORT       for `pio debug`: halted, with a GDB server on 127.0.0.1:PORT

In .cache/run it keeps ENV.pid (QEMU's process), ENV.tty (a link to the board's serial port, the
same at every start) and ENV.flash (the board's file system, which survives).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

from wgprov.targets.qemu import QemuBoard, QemuError

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / ".cache" / "run"
STOP_TIMEOUT_S = 10.0
POLL_S = 0.05
GDB_HOST = "127.0.0.1"


def firmware(name: str) -> Path:
    """What `make firmware` makes."""
    return ROOT / ".cache" / "build" / "firmware" / name / "firmware.elf"


def running(name: str) -> int | None:
    """QEMU's process that `start` left for this board of this checkout; None when there is none.

    A number in a file may have passed to another process since: only a QEMU with our firmware on
    its command line counts.
    """
    try:
        pid = int((RUN / f"{name}.pid").read_text(encoding="utf-8"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    is_ours = b"qemu-system-arm" in words[0] and os.fsencode(firmware(name)) in words
    return pid if is_ours else None


def stop(name: str) -> None:
    """End the board that runs, if any. QemuError when it does not end in time."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while (pid := running(name)) is not None:
        if time.monotonic() > deadline:
            raise QemuError(f"process {pid} ({name}) does not stop")
        os.kill(pid, signal.SIGTERM)
        time.sleep(POLL_S)
    for suffix in ("pid", "tty"):
        (RUN / f"{name}.{suffix}").unlink(missing_ok=True)


def start(name: str) -> None:
    """Boot the board, in place of the one that an earlier start left running."""
    RUN.mkdir(parents=True, exist_ok=True)
    stop(name)
    link = RUN / f"{name}.tty"
    board = QemuBoard(name, firmware(name), RUN / f"{name}.flash", link=link, detach=True)
    board.start()
    (RUN / f"{name}.pid").write_text(f"{board.pid}\n", encoding="utf-8")
    board.wait_prompt(interrupt=True)
    print(f"{name} is running as process {board.pid}, serial port {link.relative_to(ROOT)}")
    print(f"  REPL: pio device monitor -e {name}     stop: pio run -e {name} -t stop")


def check_free(port: int) -> None:
    """QEMU would say so too, but PlatformIO's GDB would then debug whatever is there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((GDB_HOST, port))
        except OSError:
            raise QemuError(f"port {port} is in use: another debugger? (debug_port)") from None


def debug(name: str, port: int) -> None:
    """Become QEMU, so that whoever started this ends QEMU. The serial line is a pty, which QEMU
    names."""
    RUN.mkdir(parents=True, exist_ok=True)
    stop(name)
    check_free(port)
    board = QemuBoard(name, firmware(name), RUN / f"{name}.flash")
    with board._flash_lock() as lock:
        os.set_inheritable(lock, True)
        program = board._check_files()
        command = [program, *board.arguments(), "-S", "-gdb", f"tcp:{GDB_HOST}:{port}"]
        os.execv(program, command)


def main(arguments: list[str]) -> int:
    """Command line."""
    verb, name, *rest = [*arguments, "", ""][:4]
    wanted = {"start": 2, "stop": 2, "debug": 3}.get(verb)
    if len(arguments) != wanted or (verb == "debug" and not rest[0].isdecimal()):
        print("usage: emulator.py start|stop ENV | debug ENV PORT", file=sys.stderr)
        return 2
    try:
        if verb == "start":
            start(name)
        elif verb == "debug":
            debug(name, int(rest[0]))
        else:
            was = running(name)
            stop(name)
            print(f"{name} stopped" if was else f"{name} is not running")
    except (QemuError, OSError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
