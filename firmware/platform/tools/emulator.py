#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots an emulated board and leaves it running, for `pio run -t upload`.

    emulator.py start ENV | stop ENV
    emulator.py debug ENV PORT       for `pio debug`: halted, with a GDB server on 127.0.0.1:PORT

What it keeps is in .cache/run: see wgprov/targets/qemu_kept.py.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from wgprov.targets.qemu import QemuBoard, QemuError
from wgprov.targets.qemu_kept import KeptBoard

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / ".cache" / "run"
GDB_HOST = "127.0.0.1"


def firmware(name: str) -> Path:
    """What `make firmware` makes."""
    return ROOT / ".cache" / "build" / "firmware" / name / "firmware.elf"


def kept(name: str) -> KeptBoard:
    RUN.mkdir(parents=True, exist_ok=True)
    return KeptBoard(name, RUN)


def start(name: str) -> None:
    """Boot the board, in place of the one that an earlier start left running."""
    board = kept(name)
    pid = board.start(firmware(name))
    print(f"{name} is running as process {pid}, serial port {board.link.relative_to(ROOT)}")
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
    kept(name).stop()
    check_free(port)
    board = QemuBoard(name, firmware(name), kept(name).flash)
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
            was = kept(name).running()
            kept(name).stop()
            print(f"{name} stopped" if was else f"{name} is not running")
    except (QemuError, OSError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
