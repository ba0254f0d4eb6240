# SPDX-License-Identifier: MIT
"""PlatformIO without its registry: build, upload into QEMU, monitor, native tests.

The board is the Cortex-M3, so that a board which a person has left running with the default
environment is not disturbed.
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

ROOT = Path(__file__).resolve().parents[2]
ENV = "qemu_an385"
RUN = ROOT / ".cache" / "run"
PIO = Path(sys.executable).parent / "pio"
# No address to reach: a proxy that refuses makes any use of the network fail at once.
NO_NETWORK = {
    **{name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")},
    "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "0",
    "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def pio(*arguments: str) -> str:
    """Output of a PlatformIO command that must succeed."""
    done = subprocess.run(
        [PIO, *arguments],
        cwd=ROOT,
        env={**os.environ, **NO_NETWORK},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=390,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def board_process() -> int:
    return int((RUN / f"{ENV}.pid").read_text())


def alive(pid: int) -> bool:
    """A process that ended, but that nobody has waited for, has no command line left."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


@pytest.fixture(scope="module")
def uploaded() -> Iterator[str]:
    """What the upload of a board said; the board is stopped at the end."""
    yield pio("run", "-e", ENV, "-t", "upload")
    pio("run", "-e", ENV, "-t", "stop")


def test_upload_boots_the_firmware(uploaded: str) -> None:
    assert re.search(r"RAM: .*used \d+ bytes", uploaded)
    assert re.search(r"Flash: .*used \d+ bytes", uploaded)
    assert f"serial port .cache/run/{ENV}.tty" in uploaded and "-t stop" in uploaded
    with serial.Serial(str(RUN / f"{ENV}.tty"), timeout=5) as port:
        port.write(b"\x03import os; print(os.uname().machine)\r")
        assert b"AN385" in port.read_until(b"M3\r\n")


def test_second_upload_replaces_the_first(uploaded: str) -> None:
    first = board_process()
    pio("run", "-e", ENV, "-t", "upload")
    second = board_process()
    assert first != second and alive(second) and not alive(first)


def read_until(master: int, wanted: bytes, seconds: float = 15) -> bytes:
    """Output of the terminal up to and including the wanted text."""
    seen, deadline = b"", time.monotonic() + seconds
    while wanted not in seen:
        left = deadline - time.monotonic()
        assert left > 0 and select.select([master], [], [], left)[0], f"no {wanted!r} in {seen!r}"
        seen += os.read(master, 4096)
    return seen


def test_monitor(uploaded: str) -> None:
    master, slave = pty.openpty()
    monitor = subprocess.Popen(
        [PIO, "device", "monitor", "-e", ENV],
        cwd=ROOT,
        env={**os.environ, **NO_NETWORK},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        read_until(master, b"Quit: Ctrl+C")
        os.write(master, b"print(6 * 7)\r")
        read_until(master, b"\n42")
    finally:
        monitor.terminate()
        monitor.wait(10)
        os.close(master)


def test_stop(uploaded: str) -> None:
    pid = board_process()
    pio("run", "-e", ENV, "-t", "stop")
    assert not alive(pid) and not (RUN / f"{ENV}.tty").exists()
    assert f"{ENV} is not running" in pio("run", "-e", ENV, "-t", "stop")


def test_native() -> None:
    output = pio("test", "-e", "native")
    found = re.search(r"(\d+) test cases: (\d+) succeeded", output)
    assert found and found[1] == found[2] and int(found[1]) > 100, output


def runner_cases(lines: str) -> list[tuple[str, str]]:
    """What the custom runner makes of a program's output."""
    from platformio.public import TestRunnerBase  # noqa: F401  (the API that the runner builds on)
    from platformio.test.result import TestSuite
    from platformio.test.runners.base import TestRunnerOptions

    sys.path.insert(0, str(ROOT / "firmware" / "platform" / "native"))
    try:
        import test_custom_runner
    finally:
        sys.path.pop(0)
    runner = test_custom_runner.CustomTestRunner.__new__(test_custom_runner.CustomTestRunner)
    runner.options = TestRunnerOptions()
    runner.test_suite = TestSuite("native", "*")
    for line in lines.splitlines(keepends=True):
        runner.on_testing_line_output(line)
    return [(case.name, case.status.name) for case in runner.test_suite.cases]


def test_runner_sees_a_failure() -> None:
    lines = "PASS x25519/1\nFAIL aead/2 tag differs\n# PASS not a case\nTOTAL cases 2\n"
    assert runner_cases(lines) == [("x25519/1", "PASSED"), ("aead/2", "FAILED")]
