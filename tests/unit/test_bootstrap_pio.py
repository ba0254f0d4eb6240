# SPDX-License-Identifier: MIT
"""PlatformIO without its registry: build, upload into QEMU, monitor, tests, debugger, checks.

The board is the Cortex-M0+, so that a board which a person has left running with the default
environment is not disturbed.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

ROOT = Path(__file__).resolve().parents[2]
ENV = "qemu_m0plus"
RUN = ROOT / ".cache" / "run"
PIO = Path(sys.executable).parent / "pio"
# No address to reach: a proxy that refuses makes any use of the network fail at once.
NO_NETWORK = {
    **{name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")},
    "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "0",
    "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
}

COMMAND_TIMEOUT_S = 300

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def run_pio(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A PlatformIO command. Its standard input is a pipe to which nobody writes, as in an editor:
    with one that is closed `pio debug` never ends."""
    ours, theirs = os.pipe()
    try:
        return subprocess.run(
            [PIO, *arguments],
            cwd=ROOT,
            env={**os.environ, **NO_NETWORK, **variables},
            stdin=ours,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
        )
    finally:
        os.close(ours)
        os.close(theirs)


def pio(*arguments: str) -> str:
    """Output of a PlatformIO command that must succeed."""
    done = run_pio(*arguments)
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


def test_on_the_board(uploaded: str) -> None:
    assert "4 test cases: 4 succeeded" in pio("test", "-e", ENV)


def test_stop(uploaded: str) -> None:
    pid = board_process()
    pio("run", "-e", ENV, "-t", "stop")
    assert not alive(pid) and not (RUN / f"{ENV}.tty").exists()
    assert f"{ENV} is not running" in pio("run", "-e", ENV, "-t", "stop")


def test_size() -> None:
    assert re.search(r"text\s+data\s+bss.*\n\s*\d{6}", pio("run", "-e", ENV, "-t", "size"))


def test_debug(uploaded: str) -> None:
    """QEMU's GDB server: halted at main(), one step, a register, and QEMU ends with GDB."""
    commands = ("continue", "backtrace 1", "step", "info registers pc", "kill")
    asked = [word for command in commands for word in ("-ex", command)]
    built = ("--load-mode=manual", "--interface=gdb")  # by the upload above
    done = run_pio("debug", "-e", ENV, *built, "--", "-batch", "-x", ".pioinit", *asked)
    output = done.stdout + done.stderr
    assert "debug_tool = qemu" in output and re.search(r"#0 +main \(\) at main.c:\d+", output), (
        output
    )
    assert re.search(r"pc +0x[0-9a-f]+ +0x[0-9a-f]+ <\w+", output) and "killed" in output


def test_debug_port_in_use() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        emulator = ROOT / "firmware" / "platform" / "tools" / "emulator.py"
        command = [sys.executable, str(emulator), "debug", ENV, port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr == (
        f"emulator: port {port} is in use: another debugger? (debug_port)\n"
    )


@pytest.mark.long
def test_check() -> None:
    """Both checkers, PyPI's, over the code that also this computer runs."""
    severities = [f"--fail-on-defect={word}" for word in ("low", "medium", "high")]
    output = pio("check", "-e", "native", *severities)
    assert output.count("No defects found") == 2, output


@pytest.mark.parametrize(
    ("tool", "code"),
    [
        (
            "cppcheck",
            "int wg_f(void);\nint wg_f(void) {\n    int a[2] = {1, 2};\n    return a[2];\n}\n",
        ),
        ("clangtidy", "int wg_f(int *p);\nint wg_f(int *p) {\n    return p == 0 ? *p : 1;\n}\n"),
    ],
    ids=["cppcheck", "clangtidy"],
)
def test_check_finds_what_is_planted(tool: str, code: str) -> None:
    folder = ROOT / "build" / f"planted-{os.getpid()}"  # git does not look there
    folder.mkdir(parents=True)
    try:
        (folder / "planted.c").write_text(code)
        options = ["-e", "native", "-f", f"+<{folder.relative_to(ROOT)}/>", "--fail-on-defect=high"]
        done = run_pio("check", *options, "--fail-on-defect=medium")
    finally:
        shutil.rmtree(folder)
    found = re.findall(r"planted.c:4?3?: \[\w+:\w+\] .*\[([\w.-]+)\]", done.stdout)
    wanted = {
        "cppcheck": "arrayIndexOutOfBounds",
        "clangtidy": "clang-analyzer-core.NullDereference",
    }
    assert done.returncode != 0 and wanted[tool] in found, done.stdout


def test_installed_scons_wins(tmp_path: Path) -> None:
    """A tool-scons of the registry is used where it is there: this one says so, and fails."""
    import json

    from platformio.dependencies import get_core_dependencies

    package = tmp_path / "packages" / "tool-scons"
    package.mkdir(parents=True)
    version = get_core_dependencies()["tool-scons"].lstrip("~^")
    manifest = {"name": "tool-scons", "version": version}
    owned = {
        "owner": "platformio",
        "id": None,
        "name": "tool-scons",
        "requirements": None,
        "uri": None,
    }
    (package / "package.json").write_text(json.dumps(manifest))
    (package / ".piopm").write_text(
        json.dumps({"type": "tool", "name": "tool-scons", "version": version, "spec": owned})
    )
    (package / "scons.py").write_text("raise SystemExit('the installed tool-scons')\n")
    done = run_pio("run", "-e", "native", PLATFORMIO_CORE_DIR=str(tmp_path))
    assert "the installed tool-scons" in done.stdout + done.stderr


@pytest.mark.parametrize("env", ["esp32", "esp32c3"])
def test_without_esp_idf(env: str) -> None:
    done = run_pio("run", "-e", env, IDF_PATH="")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("boards:")]
    assert len(lines) == 1 and f"{env}: ESP-IDF v5.2.2 is missing" in lines[0]


@pytest.mark.boards  # the same suites that test_vectors_native runs, built once more
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
