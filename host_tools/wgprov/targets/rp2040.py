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

import atexit
import contextlib
import fcntl
import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from wgprov.targets.serialboard import SerialBoard

ENV = "rpi_pico"
START_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 3.0
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
        self.env = env
        self.uf2 = Path(uf2).resolve()
        self.flash = Path(flash).resolve()
        self.link = None if link is None else Path(os.path.abspath(link))
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._port: str | None = None
        self._uart: socket.socket | None = None
        self._answers = b""

    # --- life ---

    def start(self) -> Rp2040Board:
        """Boot, and wait until the pty exists (not for the prompt: see wait_prompt)."""
        if self.running:
            raise Rp2040Error(f"{self.env} already runs as process {self.pid}")
        self._check_files()
        self._log = tempfile.TemporaryFile()
        self._uart, theirs = socket.socketpair()
        with theirs, self._flash_lock() as lock:
            self._process = subprocess.Popen(
                self.arguments(theirs.fileno()),
                env={**os.environ, "PYTHONPATH": os.fspath(PACKAGES)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
                pass_fds=(lock, theirs.fileno()),
            )
            os.truncate(lock, 0)
            os.pwrite(lock, str(self._process.pid).encode(), 0)
        atexit.register(self.stop)  # for those that forget, or fail before they get to it
        try:
            self._port = str(self._answer(START_TIMEOUT_S)["port"])
            self._publish_port()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ask the emulator to end, then make it. Harmless when it has ended."""
        self._end(signal.SIGTERM)

    def power_cut(self) -> None:
        """Kill the emulator in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def press_reset(self) -> None:
        """The RUN pin: the chip starts again; emulator, port and UART stay."""
        self._request("reset")

    def restart(self) -> Rp2040Board:
        self.stop()
        return self.start()

    def __enter__(self) -> Rp2040Board:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise Rp2040Error(f"{self.env} was not started")
        return self._process.pid

    @property
    def port(self) -> str:
        if self._port is None:
            raise Rp2040Error(f"{self.env} was not started")
        return str(self.link) if self.link else self._port

    @property
    def uart(self) -> socket.socket:
        if self._uart is None:
            raise Rp2040Error(f"{self.env} was not started")
        return self._uart

    def log(self) -> str:
        """What the emulator itself said."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

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

    def _check_files(self) -> None:
        if not self.uf2.is_file():
            raise Rp2040Error(f"no firmware {self.uf2}: run `make {self.env}`")
        if not self.flash.parent.is_dir():
            raise Rp2040Error(f"no folder for the flash file: {self.flash.parent}")
        if importlib.util.find_spec("rp2040py") is None:
            raise Rp2040Error("rp2040py is not installed (run `make setup`)")

    @contextlib.contextmanager
    def _flash_lock(self) -> Iterator[int]:
        """A lock that lives as long as the emulator that inherits it: two would ruin the file."""
        fd = os.open(f"{self.flash}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield fd
        except BlockingIOError:
            owner = os.pread(fd, 20, 0).decode() or "unknown"
            raise Rp2040Error(
                f"{self.flash} is in use by another emulator, process {owner}"
            ) from None
        finally:
            os.close(fd)

    def _publish_port(self) -> None:
        if self.link:
            assert self._port is not None
            fresh = self.link.with_name(self.link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self._port)
            fresh.replace(self.link)

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

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.send_signal(how)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_TIMEOUT_S)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
        self._release()

    def _release(self) -> None:
        atexit.unregister(self.stop)
        if self._port and self.link and self.link.is_symlink():
            self.link.unlink()
        self._port = None
        self._answers = b""
        if self._uart is not None:
            self._uart.close()
            self._uart = None
        if self._log is not None:
            self._log.close()
            self._log = None
