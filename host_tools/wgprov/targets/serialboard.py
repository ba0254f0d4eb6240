# SPDX-License-Identifier: MIT
"""What every emulated board has: a name, a process, a flash file and a serial line with a prompt.

Every wait is bounded, and only the process started here is ever ended.
"""

from __future__ import annotations

import abc
import atexit
import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import tempfile
import termios
import time
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

PROMPT = b">>> "
KNOCK_INTERVAL_S = 0.25
STOP_TIMEOUT_S = 3.0

Board = TypeVar("Board", bound="SerialBoard")
Given = TypeVar("Given")


class SerialBoard(abc.ABC):
    """The life of one emulator's process. `port` is the board's serial device while it runs, `pid`
    the process id.

    flash: the host file that plays the flash chip.  link: path of a symbolic link to the port, the
    same at each start.
    """

    failure: type[RuntimeError]
    emulator: str  # what is said to use the flash file
    detach = False

    def __init__(
        self, env: str, flash: str | os.PathLike[str], link: str | os.PathLike[str] | None
    ) -> None:
        self.env = env
        self.flash = Path(flash).resolve()
        self.link = None if link is None else Path(os.path.abspath(link))
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._port: str | None = None

    # --- what an emulator does its own way ---

    @abc.abstractmethod
    def _launch(self) -> None:
        """Check that all is there, then _spawn."""

    @abc.abstractmethod
    def _boot(self) -> None:
        """Wait for the port, then _publish_port."""

    @abc.abstractmethod
    def _check_alive(self) -> None:
        """Raise `failure`, with what the emulator said, when it has ended."""

    # --- life ---

    def start(self: Board) -> Board:
        """Boot, and wait until the pty exists (not for the prompt: see wait_prompt)."""
        if self.running:
            raise self.failure(f"{self.env} already runs as process {self.pid}")
        self._launch()
        if not self.detach:
            atexit.register(self.stop)  # for those that forget, or fail before they get to it
        try:
            self._boot()
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

    def restart(self: Board) -> Board:
        self.stop()
        return self.start()

    def __enter__(self: Board) -> Board:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._started(self._process).pid

    @property
    def port(self) -> str:
        port = self._started(self._port)
        return str(self.link) if self.link else port

    def log(self) -> str:
        """What the emulator itself said."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    # --- the serial line ---

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

    # --- inside ---

    def _started(self, value: Given | None) -> Given:
        """What only a started board has."""
        if value is None:
            raise self.failure(f"{self.env} was not started")
        return value

    def _check_image(self, image: Path, target: str) -> None:
        """target: what `make` makes the firmware by."""
        if not image.is_file():
            raise self.failure(f"no firmware {image}: run `make {target}`")
        if not self.flash.parent.is_dir():
            raise self.failure(f"no folder for the flash file: {self.flash.parent}")

    def _spawn(self, command: Sequence[str], wire: socket.socket, **options: Any) -> None:
        """Start the emulator, which inherits the lock and `wire`. options: of Popen; without them
        the output goes to the log."""
        self._log = tempfile.TemporaryFile()
        streams = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log}
        with self._flash_lock() as lock:
            self._process = subprocess.Popen(
                command,
                start_new_session=True,
                pass_fds=(lock, wire.fileno()),
                **{**streams, **options},
            )
            os.truncate(lock, 0)
            os.pwrite(lock, str(self._process.pid).encode(), 0)

    @contextlib.contextmanager
    def _flash_lock(self) -> Iterator[int]:
        """A lock that lives as long as the emulator that inherits it: two would ruin the file."""
        fd = os.open(f"{self.flash}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield fd
        except BlockingIOError:
            owner = os.pread(fd, 20, 0).decode() or "unknown"
            raise self.failure(
                f"{self.flash} is in use by another {self.emulator}, process {owner}"
            ) from None
        finally:
            os.close(fd)

    def _publish_port(self, port: str) -> None:
        self._port = port
        if self.link:
            fresh = self.link.with_name(self.link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(port)
            fresh.replace(self.link)

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
        """Give back what a start took; an emulator adds its own."""
        atexit.unregister(self.stop)
        if self._port and self.link and self.link.is_symlink():
            self.link.unlink()
        self._port = None
        if self._log is not None:
            self._log.close()
            self._log = None
