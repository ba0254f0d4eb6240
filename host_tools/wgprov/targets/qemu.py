# SPDX-License-Identifier: MIT
"""A board in QEMU: our MicroPython port for Arm's MPS2 machines, its serial line on a pty.

    with QemuBoard("qemu_an386", elf, flash) as board:
        board.wait_prompt()
        ... talk to board.port ...

`flash` is the host file that plays the flash chip: made when missing, kept afterwards. The guest's
network is QEMU's user network: DHCP, the host is 10.0.2.2, and `hostfwd` lets the host reach in.
Standard library only. Every wait is bounded, and only the process started here is ever ended.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from wgprov.targets.serialboard import SerialBoard

MACHINES = {
    "qemu_an385": "mps2-an385",
    "qemu_an386": "mps2-an386",
    "qemu_an500": "mps2-an500",
    "qemu_an505": "mps2-an505",
    "qemu_m0plus": "mps2-an385",
}
HOST_ADDRESS = "10.0.2.2"  # the host, as the guest sees it
MONITOR_PROMPT = b"(qemu) "
START_TIMEOUT_S = 10.0

# Counts instructions and lets time pass only with them: repeatable cycle counts, no real time.
ICOUNT = "shift=6,sleep=off,align=off"


class QemuError(RuntimeError):
    """QEMU did not start or the board did not answer; the message is one clear line."""


def _quote(path: str | os.PathLike[str]) -> str:
    """A path inside a QEMU option: a comma is written twice."""
    return os.fspath(path).replace(",", ",,")


class QemuBoard(SerialBoard):
    """One emulated board. `port` is its serial device while it runs, `pid` QEMU's process id.

    env: one of MACHINES.  elf: firmware.  flash: see above.
    pcap: file for a capture of the guest's Ethernet.  hostfwd: QEMU's rules such as
    "udp:127.0.0.1:5555-:7000".  restrict: no way out of the guest but to 10.0.2.2's forwards.
    icount: ICOUNT.  mac: Ethernet address.  link: path of a symbolic link to the pty, the same at
    each start.  detach: QEMU goes on when this process ends (an upload).
    """

    failure = QemuError
    emulator = "QEMU"

    def __init__(
        self,
        env: str,
        elf: str | os.PathLike[str],
        flash: str | os.PathLike[str],
        *,
        pcap: str | os.PathLike[str] | None = None,
        hostfwd: Sequence[str] = (),
        restrict: bool = False,
        icount: bool = False,
        mac: str | None = None,
        link: str | os.PathLike[str] | None = None,
        detach: bool = False,
    ) -> None:
        if env not in MACHINES:
            raise QemuError(f"unknown board {env!r}: one of {', '.join(MACHINES)}")
        super().__init__(env, flash, link)
        self.elf = Path(elf).resolve()
        self.pcap = None if pcap is None else Path(pcap).resolve()
        self.hostfwd = tuple(hostfwd)
        self.restrict = restrict
        self.icount = icount
        self.mac = mac
        self.detach = detach
        self._held: int | None = None
        self._monitor: socket.socket | None = None

    def press_reset(self) -> None:
        """The reset button: the guest starts again, QEMU and the pty stay."""
        self._command("system_reset")

    # --- the command line ---

    def arguments(self) -> list[str]:
        """QEMU's arguments, without the program."""
        flash = f"enable=on,target=native,arg=flash={_quote(self.flash)}"
        args = ["-M", MACHINES[self.env], "-display", "none", "-serial", "pty"]
        args += ["-kernel", str(self.elf), "-semihosting-config", flash]
        args += ["-nic", ",".join(self._nic())]
        if self.pcap:
            args += ["-object", f"filter-dump,id=dump0,netdev=net0,file={_quote(self.pcap)}"]
        if self.icount:
            args += ["-icount", ICOUNT]
        return args

    def _nic(self) -> Iterator[str]:
        yield "user,id=net0,model=lan9118"
        if self.mac:
            yield f"mac={self.mac}"
        if self.restrict:
            yield "restrict=on"
        for rule in self.hostfwd:
            yield f"hostfwd={rule}"

    # --- inside ---

    def _check_files(self) -> str:
        self._check_image(self.elf, f"firmware ENV={self.env}")
        program = shutil.which("qemu-system-arm")
        if program is None:
            raise QemuError("qemu-system-arm is not installed (Debian package qemu-system-arm)")
        return program

    def _launch(self) -> None:
        program = self._check_files()
        self._monitor, theirs = socket.socketpair()
        with theirs:
            monitor = ["-chardev", f"socket,id=mon,fd={theirs.fileno()}", "-mon", "chardev=mon"]
            self._spawn([program, *self.arguments(), *monitor, "-S"], theirs)

    def _boot(self) -> None:
        """The guest waits (-S) until the pty is held open here. QEMU looks for somebody at the
        other end only once a second and at each byte, so the first tool to come would wait as long,
        and the boot messages would be lost."""
        pty = self._wait_pty()
        if not self.detach:
            self._held = os.open(pty, os.O_RDWR | os.O_NOCTTY)
        self._publish_port(pty)
        self._wait_monitor()
        self._command("cont")

    def _wait_pty(self) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            found = re.search(r"redirected to (/dev/\S+)", self.log())
            if found:
                return found.group(1)
            self._check_alive()
            time.sleep(0.005)
        raise QemuError(f"QEMU named no pty within {START_TIMEOUT_S:g} s: {self.log().strip()}")

    def _command(self, line: str) -> None:
        """A line to QEMU's monitor, carried out when this returns."""
        self._started(self._monitor).sendall(line.encode() + b"\n")
        self._wait_monitor()

    def _wait_monitor(self) -> None:
        assert self._monitor is not None
        self._monitor.settimeout(START_TIMEOUT_S)
        seen = b""
        try:
            while not seen.endswith(MONITOR_PROMPT):
                block = self._monitor.recv(4096)
                if not block:
                    break
                seen += block
        except TimeoutError:
            pass
        if not seen.endswith(MONITOR_PROMPT):
            self._check_alive()
            raise QemuError(f"QEMU's monitor did not answer within {START_TIMEOUT_S:g} s")

    def _check_alive(self) -> None:
        if not self.running:
            raise QemuError(f"QEMU ended: {self.log().strip() or 'no message'}")

    def _release(self) -> None:
        super()._release()
        if self._held is not None:
            os.close(self._held)
            self._held = None
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None
