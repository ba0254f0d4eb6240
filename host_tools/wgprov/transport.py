# SPDX-License-Identifier: MIT
"""Serial ports and the raw REPL: the only file that knows pyserial and mpremote.

mpremote's library API is not stable, so it is pinned in pyproject.toml and used here only.
The board is not soft-reset: a running tunnel keeps running. A program that runs in the foreground
is interrupted (Ctrl-C), which is how a MicroPython board is reached at all.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

from wgprov import keys, locking, pairing, platforms
from wgprov.errors import BoardError, PortError, printable
from wgprov.patience import FACTOR
from wgprov.session import Session

BAUD = 115200
PROMPT_TIMEOUT_S = 3.0 * FACTOR
QUIET_S = 0.06
SETTLE_MAX_S = 0.5
READ_SLICE_S = 0.1  # granularity of every deadline
REPL_READ_S = 1.0 * FACTOR  # mpremote reads some answers with one call: it has to be this patient
WRITE_TIMEOUT_S = 3.0

FRAMED = "framed:"  # before a connect name: an agent on a serial line of its own, no REPL
Run = Callable[[str, float], str]

START_AGENT = "from wireguard import agent\nagent.serve()\n"
IDENTIFY = (
    "import sys,os\n"
    "print(sys.implementation.name,'.'.join(str(n) for n in sys.implementation.version[:3]),"
    "getattr(sys.implementation,'_machine',sys.platform))\n"
)


@dataclass(frozen=True)
class Port:
    """A serial port of this computer."""

    device: str
    serial_number: str
    description: str


def usb_ports() -> list[Port]:
    """Serial ports that belong to a USB device, sorted by name."""
    found = [p for p in list_ports.comports() if p.vid is not None]
    return [
        Port(p.device, p.serial_number or "", p.description or "")
        for p in sorted(found, key=lambda p: p.device)
    ]


def resolve(name: str) -> str:
    """Turn a connect name (as mpremote's: auto, id:, port:, a0, path, URL) into a device."""
    name = name.removeprefix(FRAMED)
    if name == "auto":
        return _only_usb_port()
    if name.startswith("id:"):
        for port in usb_ports():
            if port.serial_number == name[3:]:
                return port.device
        raise PortError(f"no board with the serial number {name[3:]}: see `wgprov ports`")
    name = platforms.device_of(name.removeprefix("port:"))
    # mpremote treats ptys differently and knows them by /dev/pts only.
    real = os.path.realpath(name)
    return real if real.startswith("/dev/pts/") else name


def _only_usb_port() -> str:
    ports = usb_ports()
    if not ports:
        raise PortError("no board: plug it in (see `wgprov ports`), or name its port with -p")
    if len(ports) > 1:
        names = ", ".join(p.device for p in ports)
        raise PortError(f"several boards ({names}): choose one with -p")
    return ports[0].device


class SerialWire:
    """The bytes of an open port, as session.Wire."""

    def __init__(self, name: str, port: Any) -> None:
        self.name = name
        self._port = port
        self._port.timeout = READ_SLICE_S

    def read(self) -> bytes:
        with _link_errors(self.name):
            return bytes(self._port.read(max(1, self._port.in_waiting)))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        with _link_errors(self.name):
            self._port.write(data)  # no flush(): tcdrain() waits for ever for a board that hangs


class _Bounded:
    """A port on which nothing works after a deadline: every loop of mpremote ends, whatever a board
    sends."""

    def __init__(self, port: Any, timeout_s: float) -> None:
        self._port = port
        self._deadline = time.monotonic() + timeout_s

    def __getattr__(self, name: str) -> Any:
        if name in ("read", "write", "inWaiting") and time.monotonic() > self._deadline:
            raise TransportError("no answer in time")
        return getattr(self._port, name)


@contextlib.contextmanager
def _bounded(repl: SerialTransport, timeout_s: float = PROMPT_TIMEOUT_S) -> Iterator[None]:
    port = repl.serial
    repl.serial = _Bounded(port, timeout_s)
    try:
        yield
    finally:
        repl.serial = port


class BoardName(str):
    """A connect name, with what opens the board there."""

    pairing_code: str | None = None  # a file, or "-" for a prompt
    lock_key: Path | None = None

    @contextlib.contextmanager
    def opening(self, session: Session) -> Iterator[None]:
        """Pair, if that was asked for, and have the lock's key at hand."""
        if self.pairing_code is not None:
            psk = pairing.read(self.pairing_code)
            try:
                session.pair(psk)
            finally:
                keys.wipe(psk)
        session.lock_key = locking.read(self.lock_key) if self.lock_key else None
        try:
            yield
        finally:
            if session.lock_key:
                keys.wipe(session.lock_key)


@contextlib.contextmanager
def connect(name: str) -> Iterator[Session]:
    """A session with the agent on the board at `name`; leaves the friendly REPL behind."""
    with _framed(name) if name.startswith(FRAMED) else _over_repl(name) as session:
        board = name if isinstance(name, BoardName) else BoardName(name)
        with board.opening(session):
            yield session
        with contextlib.suppress(PortError):
            session.bye()


@contextlib.contextmanager
def _over_repl(name: str) -> Iterator[Session]:
    with _raw_repl(name) as repl:
        with _link_errors(name), _bounded(repl):
            repl.exec_raw_no_follow(START_AGENT)
        yield Session(_AgentWire(name, repl))


@contextlib.contextmanager
def _framed(name: str) -> Iterator[Session]:
    """Nothing but frames is sent: no Ctrl-C, no reset."""
    repl = _open(name, resolve(name))
    try:
        yield Session(SerialWire(name, repl.serial), framed=True)
    finally:
        with contextlib.suppress(OSError):
            repl.serial.close()


def identify(name: str) -> str:
    """What runs on a board without our module: "micropython 1.25.0 Board with CPU"."""
    if name.startswith(FRAMED):
        return ""
    with _raw_repl(name) as repl, _link_errors(name), _bounded(repl):
        out, _ = repl.exec_raw(IDENTIFY, timeout=PROMPT_TIMEOUT_S)
    return printable(out.decode("utf-8", "replace").strip())


@contextlib.contextmanager
def repl(name: str) -> Iterator[Run]:
    """run(code, seconds) gives what the code prints on the board; all in one raw REPL."""
    if name.startswith(FRAMED):
        raise PortError(f"{name}: needs the board's prompt: name its other port")
    with _raw_repl(name) as opened:

        def run(code: str, timeout_s: float) -> str:
            limit_s = timeout_s * FACTOR
            with _link_errors(name), _bounded(opened, limit_s):
                out, error = opened.exec_raw(code, timeout=limit_s)
            if error:
                raise _complaint(error.decode("utf-8", "replace"))
            return str(out.decode("utf-8", "replace"))

        yield run


def run_and_leave(name: str, code: str) -> None:
    """Start code that ends the connection, as a restart does."""
    with _raw_repl(name) as repl, _link_errors(name), _bounded(repl):
        repl.exec_raw_no_follow(code)


def touch(device: str, baud: int) -> None:
    """Open and close a port at a rate that has a meaning to the board."""
    try:
        serial.serial_for_url(device, baudrate=baud, exclusive=True, timeout=0).close()
    except (OSError, ValueError):
        raise open_error(device, device) from None


class _AgentWire(SerialWire):
    """Tells an agent that did not start from one that speaks."""

    def __init__(self, name: str, repl: SerialTransport) -> None:
        super().__init__(name, repl.serial)
        self._started = False
        self._head = bytearray()

    def read(self) -> bytes:
        data = super().read()
        if not self._started and data:
            self._head += data
            if self._head[:1] == b"\x04":
                raise _no_agent(self._rest())
            self._started = True
        return data

    def _rest(self) -> str:
        while not self._head.endswith(b"\x04>") and len(self._head) < 4096:
            data = super().read()
            if not data:
                break
            self._head += data
        return self._head.decode("utf-8", "replace")


def _no_agent(traceback: str) -> BoardError:
    """Say in one line why `from wireguard import agent; agent.serve()` failed."""
    lines = [line for line in traceback.strip("\x04>\r\n ").splitlines() if line.strip()]
    last = printable(lines[-1]) if lines else "no reason given"
    if "no module named 'wireguard.agent'" in last or "can't import name" in last:
        return BoardError("the wireguard module on the board is too old for this wgprov: update it")
    if "no module named '_wireguard'" in last:
        return BoardError(
            "the board has the wireguard package but not its C module `_wireguard`: "
            "flash firmware that is built with it"
        )
    if "no module named" in last:
        return BoardError(
            "the board runs MicroPython without the wireguard module: flash firmware that has it"
        )
    return BoardError(f"the wireguard module on the board does not start: {last}")


def _complaint(traceback: str) -> BoardError:
    """What a program of ours died of."""
    if "no module named" in traceback or "can't import name" in traceback:
        return _no_agent(traceback)
    return BoardError(f"the board says: {printable(traceback.strip().splitlines()[-1])}")


@contextlib.contextmanager
def _raw_repl(name: str) -> Iterator[SerialTransport]:
    device = resolve(name)
    repl = _open(name, device)
    try:
        _enter(name, repl)
        yield repl
    finally:
        _leave(repl)


def _open(name: str, device: str) -> SerialTransport:
    try:
        repl = SerialTransport(device, baudrate=BAUD, timeout=REPL_READ_S)
    except (TransportError, ValueError):
        raise open_error(name, device) from None
    if isinstance(repl.serial, serial.Serial):  # URLs know no write_timeout: TCP buffers
        repl.serial.write_timeout = WRITE_TIMEOUT_S
    return repl


def open_error(name: str, device: str) -> PortError:
    """Why a port did not open, in words. mpremote and esptool swallow it, so ask once more."""
    try:
        serial.serial_for_url(device, exclusive=True, timeout=0).close()
    except ValueError as error:
        return PortError(f"{name}: not a port or URL that pyserial knows: {printable(error)}")
    except OSError as error:
        return PortError(f"{name}: {open_reason(error)}")
    return PortError(f"{name}: could not be opened at first, can now: try again")


def open_reason(error: OSError, platform: str = sys.platform) -> str:
    text = str(error)
    number = error.errno
    if number == errno.ENOENT or "FileNotFoundError" in text:
        return "no such port: plug the board in, or see `wgprov ports`"
    if number in (errno.EACCES, errno.EPERM):
        return f"no permission: {platforms.permission_advice(platform)}"
    if number in (errno.EBUSY, errno.EAGAIN) or "lock port" in text or "PermissionError" in text:
        return "in use by another program (a serial monitor, mpremote, wgprov): close that first"
    return f"cannot open it: {printable(text)}"


def _enter(name: str, repl: SerialTransport) -> None:
    complaint = PortError(
        f"{name}: nothing answers as a MicroPython prompt within {PROMPT_TIMEOUT_S:g} s: "
        "check that it is the board's port and that MicroPython runs on it"
    )
    try:
        with _quiet(), _link_errors(name), _bounded(repl):
            _settle(repl)
            repl.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_TIMEOUT_S)
    except BoardError:
        raise complaint from None


def _settle(repl: SerialTransport) -> None:
    """End what an earlier, broken connection left running, and let it finish talking: mpremote
    takes the first prompt that it sees for the answer to itself."""
    repl.serial.write(b"\r\x03")
    deadline = time.monotonic() + SETTLE_MAX_S
    quiet_since = time.monotonic()
    while time.monotonic() < min(deadline, quiet_since + QUIET_S):
        waiting = repl.serial.inWaiting()
        if waiting:
            repl.serial.read(waiting)
            quiet_since = time.monotonic()
        time.sleep(0.005)


def _leave(repl: SerialTransport) -> None:
    """Back to the friendly REPL, then close. The port may be gone already."""
    with contextlib.suppress(OSError, TransportError):
        repl.serial.write(b"\r\x03\x02")
    with contextlib.suppress(OSError, TransportError):
        repl.close()  # stops half-way when the port has vanished
    with contextlib.suppress(OSError):
        repl.serial.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """mpremote prints what it did not understand; that may hold anything."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


@contextlib.contextmanager
def _link_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (TransportError, struct.error) as error:
        raise BoardError(f"{name}: the raw REPL does not answer: {printable(error)}") from None
    except (OSError, TypeError) as error:
        # pyserial raises TypeError when a port is closed under a read.
        if isinstance(error, serial.SerialTimeoutException):
            raise PortError(f"{name}: the board takes no data: reset it and try again") from None
        raise PortError(f"{name}: the connection broke: check the cable, run it again") from None
