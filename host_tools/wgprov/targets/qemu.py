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

import atexit
import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

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
STOP_TIMEOUT_S = 3.0

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
        self.env = env
        self.elf = Path(elf).resolve()
        self.flash = Path(flash).resolve()
        self.pcap = None if pcap is None else Path(pcap).resolve()
        self.hostfwd = tuple(hostfwd)
        self.restrict = restrict
        self.icount = icount
        self.mac = mac
        self.link = None if link is None else Path(os.path.abspath(link))
        self.detach = detach
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._port: str | None = None
        self._held: int | None = None
        self._monitor: socket.socket | None = None

    # --- life ---

    def start(self) -> QemuBoard:
        """Boot, and wait until the pty exists (not for the prompt: see wait_prompt)."""
        if self.running:
            raise QemuError(f"{self.env} already runs as process {self.pid}")
        program = self._check_files()
        self._log = tempfile.TemporaryFile()
        self._monitor, theirs = socket.socketpair()
        with self._flash_lock() as lock, theirs:
            monitor = ["-chardev", f"socket,id=mon,fd={theirs.fileno()}", "-mon", "chardev=mon"]
            self._process = subprocess.Popen(
                [program, *self.arguments(), *monitor, "-S"],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock, theirs.fileno()),
            )
            os.truncate(lock, 0)
            os.pwrite(lock, str(self._process.pid).encode(), 0)
        if not self.detach:
            atexit.register(self.stop)  # for those that forget, or fail before they get to it
        try:
            self._port = self._wait_pty()
            self._publish_port()
            self._wait_monitor()
            self._command("cont")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ask QEMU to end, then make it. Harmless when it has ended."""
        self._end(signal.SIGTERM)

    def power_cut(self) -> None:
        """Kill QEMU in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def press_reset(self) -> None:
        """The reset button: the guest starts again, QEMU and the pty stay."""
        self._command("system_reset")

    def restart(self) -> QemuBoard:
        self.stop()
        return self.start()

    def __enter__(self) -> QemuBoard:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise QemuError(f"{self.env} was not started")
        return self._process.pid

    @property
    def port(self) -> str:
        if self._port is None:
            raise QemuError(f"{self.env} was not started")
        return str(self.link) if self.link else self._port

    def log(self) -> str:
        """What QEMU itself said."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

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
        if not self.elf.is_file():
            raise QemuError(f"no firmware {self.elf}: run `make firmware ENV={self.env}`")
        if not self.flash.parent.is_dir():
            raise QemuError(f"no folder for the flash file: {self.flash.parent}")
        program = shutil.which("qemu-system-arm")
        if program is None:
            raise QemuError("qemu-system-arm is not installed (Debian package qemu-system-arm)")
        return program

    @contextlib.contextmanager
    def _flash_lock(self) -> Iterator[int]:
        """A lock that lives as long as the QEMU that inherits it: two would ruin the file."""
        fd = os.open(f"{self.flash}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield fd
        except BlockingIOError:
            owner = os.pread(fd, 20, 0).decode() or "unknown"
            raise QemuError(f"{self.flash} is in use by another QEMU, process {owner}") from None
        finally:
            os.close(fd)

    def _wait_pty(self) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            found = re.search(r"redirected to (/dev/\S+)", self.log())
            if found:
                return found.group(1)
            self._check_alive()
            time.sleep(0.005)
        raise QemuError(f"QEMU named no pty within {START_TIMEOUT_S:g} s: {self.log().strip()}")

    def _publish_port(self) -> None:
        """The guest waits (-S) until the pty is held open here. QEMU looks for somebody at the
        other end only once a second and at each byte, so the first tool to come would wait as long,
        and the boot messages would be lost."""
        assert self._port is not None
        if not self.detach:
            self._held = os.open(self._port, os.O_RDWR | os.O_NOCTTY)
        if self.link:
            fresh = self.link.with_name(self.link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self._port)
            fresh.replace(self.link)

    def _command(self, line: str) -> None:
        """A line to QEMU's monitor, carried out when this returns."""
        if self._monitor is None:
            raise QemuError(f"{self.env} was not started")
        self._monitor.sendall(line.encode() + b"\n")
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

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_TIMEOUT_S)
        self._release()

    def _release(self) -> None:
        atexit.unregister(self.stop)
        if self._held is not None:
            os.close(self._held)
            self._held = None
        if self._port and self.link and self.link.is_symlink():
            self.link.unlink()
        self._port = None
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None
        if self._log is not None:
            self._log.close()
            self._log = None
