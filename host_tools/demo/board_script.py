# SPDX-License-Identifier: MIT
"""Run a file of tests/device (or of wgprov's boardcode) on a board through its serial port, and get
its result as JSON.

The board is not reset: its tunnel keeps running while the script uses it as any program would.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "device"
BOARDCODE = ROOT / "host_tools" / "wgprov" / "boardcode"  # what wgprov itself runs on a board

READ_S = 30.0  # mpremote reads some answers with one call: it has to be this patient
PROMPT_TIMEOUT_S = 60.0  # an emulated Pico computes a handshake meanwhile
READY_TIMEOUT_S = 10.0
RESULT = "RESULT "


class ScriptError(Exception):
    """The script raised, gave no result in time, or the board does not answer."""


def source(name: str, call: str) -> str:
    """The text that the board runs: the clock, the script, and the call whose value we want."""
    script = SCRIPTS / f"{name}.py"
    files = [BOARDCODE / "tunnel_clock.py", script if script.is_file() else BOARDCODE / script.name]
    parts = [file.read_text() for file in files]
    return "\n".join([*parts, "import json", f"print({RESULT!r} + json.dumps({call}))\n"])


class BoardScript:
    """One running script; holds the serial port until it is closed.

    with BoardScript(port, "tunnel_tcp", "tcp_sink(7)") as script:
        script.wait_ready()      # the script has printed READY: it listens
        ...
        script.result(10)
    """

    def __init__(self, port: str, name: str, call: str) -> None:
        self._call = call
        self._repl = _open(port)
        try:
            self._repl.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_TIMEOUT_S)
            self._repl.exec_raw_no_follow(source(name, call).encode())
        except (TransportError, OSError) as error:
            self.close()
            raise ScriptError(f"{call}: {error}") from None

    def __enter__(self) -> BoardScript:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def wait_ready(self) -> None:
        data = self._repl.read_until(1, b"READY\r\n", timeout_overall=READY_TIMEOUT_S)
        if not data.endswith(b"READY\r\n"):
            raise ScriptError(f"{self._call}: not ready: {_one_line(data)}")

    def result(self, timeout_s: float) -> Any:
        """What the call returned; raises ScriptError with the last line of a traceback."""
        deadline = time.monotonic() + timeout_s
        out = self._until_end(deadline)
        err = self._until_end(deadline)
        if err:
            raise ScriptError(f"{self._call}: {_one_line(err)}")
        last = out.decode("utf-8", "replace").strip().splitlines()[-1:]
        if not last or not last[0].startswith(RESULT):
            raise ScriptError(f"{self._call}: no result: {_one_line(out)}")
        return json.loads(last[0].removeprefix(RESULT))

    def _until_end(self, deadline: float) -> bytes:
        left = max(deadline - time.monotonic(), 0.1)
        data = self._repl.read_until(1, b"\x04", timeout=None, timeout_overall=left)
        if not data.endswith(b"\x04"):
            raise ScriptError(f"{self._call}: no result in time: {_one_line(data)}")
        return bytes(data[:-1])

    def close(self) -> None:
        """Interrupt the script if it still runs, back to the friendly prompt."""
        try:
            self._repl.serial.write(b"\r\x03\x02")
            self._repl.close()
        except (TransportError, OSError):
            pass  # the board is gone


def run(port: str, name: str, call: str, timeout_s: float = 30.0) -> Any:
    """Run `call` of tests/device/<name>.py to its end."""
    with BoardScript(port, name, call) as script:
        return script.result(timeout_s)


def reset(port: str) -> None:
    """machine.reset(): nothing answers, so nothing is waited for."""
    repl = _open(port)
    try:
        repl.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_TIMEOUT_S)
        repl.exec_raw_no_follow(b"import machine\nmachine.reset()\n")
    except (TransportError, OSError) as error:
        raise ScriptError(f"reset: {error}") from None
    finally:
        repl.close()


def execute(port: str, code: str, timeout_s: float) -> str:
    """What code prints when the board runs it."""
    repl = _open(port)
    try:
        repl.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_TIMEOUT_S)
        out, error = repl.exec_raw(code, timeout=timeout_s)
        repl.exit_raw_repl()
    except (TransportError, OSError) as broken:
        raise ScriptError(f"{code}: {broken}") from None
    finally:
        repl.close()
    if error:
        raise ScriptError(f"{code}: {_one_line(error)}")
    return bytes(out).decode("utf-8", "replace")


def write_file(port: str, path: str, content: bytes) -> None:
    """Put a file onto the board."""
    repl = _open(port)
    try:
        repl.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_TIMEOUT_S)
        repl.fs_writefile(path, content)
        repl.exit_raw_repl()
    except (TransportError, OSError) as error:
        raise ScriptError(f"{path}: {error}") from None
    finally:
        repl.close()


def _open(port: str) -> SerialTransport:
    # mpremote treats ptys differently, and knows them by /dev/pts only.
    real = os.path.realpath(port)
    device = real if real.startswith("/dev/pts/") else port
    try:
        return SerialTransport(device, timeout=READ_S)
    except TransportError as error:
        raise ScriptError(str(error)) from None


def _one_line(data: bytes) -> str:
    lines = data.decode("utf-8", "replace").strip("\x04> \r\n").splitlines()
    return lines[-1] if lines else "nothing was printed"
