# SPDX-License-Identifier: MIT
"""The MicroPython port for QEMU's MPS2 boards, each image booted and used. No tunnel here."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from demo.rig import DEFAULT_ENV
from envs import env_params
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from wgprov.targets.qemu import HOST_ADDRESS, MACHINES, QemuBoard, QemuError

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "device"
# Another build of the firmware can be tested, one folder per board in it.
FIRMWARE = Path(os.environ.get("PORT_FIRMWARE", ROOT / ".cache" / "build" / "firmware"))
MIB = 1 << 20
ENVS = env_params(MACHINES)


class Board:
    """An emulated board and a raw REPL session with it. Each call has a time limit."""

    def __init__(self, env: str, flash: Path, **options: Any) -> None:
        self.qemu = QemuBoard(env, FIRMWARE / env / "firmware.elf", flash, **options)
        self.line: SerialTransport | None = None

    def start(self) -> None:
        self.qemu.start()
        self.connect()

    def connect(self) -> None:
        self.qemu.wait_prompt(10)
        self.line = SerialTransport(self.qemu.port, timeout=1)
        self.line.serial.write_timeout = 10
        self.line.enter_raw_repl(soft_reset=False, timeout_overall=5)

    def disconnect(self) -> None:
        if self.line is not None:
            with contextlib.suppress(OSError):  # the pty goes with QEMU
                self.line.close()
            self.line = None

    def stop(self, how: Callable[[QemuBoard], None] = QemuBoard.stop) -> None:
        how(self.qemu)
        self.disconnect()

    def exec(self, code: str, timeout: float = 20) -> str:
        out, err = self.line.exec_raw(code, timeout=timeout)
        if err:
            raise AssertionError(f"{self.qemu.env}: {err.decode()}")
        return out.decode()

    def load(self, script: str) -> None:
        self.exec((SCRIPTS / script).read_text())

    def eval(self, expression: str, timeout: float = 20) -> object:
        return ast.literal_eval(self.exec(f"print(repr({expression}))", timeout).strip())


@pytest.fixture(scope="module", params=ENVS)
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    yield from running_board(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def default_board(tmp_path_factory: pytest.TempPathFactory):
    yield from running_board(DEFAULT_ENV, tmp_path_factory.mktemp("default"))


def running_board(env: str, folder: Path) -> Iterator[Board]:
    board = Board(env, folder / "flash.bin")
    try:
        board.start()
    except QemuError as error:
        pytest.fail(str(error), pytrace=False)
    yield board
    board.stop()


@pytest.fixture
def fresh_board(tmp_path: Path) -> Iterator[Board]:
    """Not started; stopped at the end whatever happens."""
    board = Board(DEFAULT_ENV, tmp_path / "flash.bin")
    yield board
    board.stop()


class Server:
    """A socket of the host on 127.0.0.1 that serves in a thread of its own."""

    def __init__(self, kind: int, serve: Callable[[socket.socket], None]) -> None:
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(20)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._run, args=(serve,), daemon=True)

    def _run(self, serve: Callable[[socket.socket], None]) -> None:
        try:
            serve(self.socket)
        except OSError:
            pass  # closed by the test

    def __enter__(self) -> Server:
        if self.socket.type == socket.SOCK_STREAM:
            self.socket.listen(1)
        self.thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.socket.close()
        self.thread.join(1)


def echo_datagrams(sock: socket.socket) -> None:
    while True:
        data, peer = sock.recvfrom(4096)
        sock.sendto(data, peer)


def accept(sock: socket.socket) -> socket.socket:
    connection, _ = sock.accept()
    connection.settimeout(20)
    return connection


def echo_line(sock: socket.socket) -> None:
    with accept(sock) as connection, connection.makefile("rwb") as stream:
        stream.write(stream.readline().upper())
        stream.flush()


# --- each image ---


def test_prompt_names_the_board(board: Board) -> None:
    machine = board.eval("__import__('os').uname().machine")
    core = {"385": "M3", "386": "M4F", "500": "M7", "505": "M33", "0plus": "M0+"}
    expected = core[re.sub(r"qemu_(an|m)", "", board.qemu.env)]
    assert machine.startswith("QEMU MPS2 AN") and machine.endswith(f"Cortex-{expected}")


def test_dhcp_gives_an_address(board: Board) -> None:
    board.load("port_network.py")
    assert board.eval("wait_address()") == "10.0.2.15"
    assert board.eval("network.LAN().ipconfig('gw4')") == HOST_ADDRESS
    assert len(board.eval("network.LAN().config('mac')")) == 6
    assert board.eval("network.LAN().status()") == 3


def test_ipv6_has_a_link_local_and_a_routed_address(board: Board) -> None:
    found = board.eval("addresses6()")
    assert any(address.upper().startswith("FE80::") for address in found), found


def test_udp_echo_of_every_size(board: Board) -> None:
    sizes = (1, 2, 3, 17, 64, 535, 536, 800, 1023, 1380, 1471, 1472)
    with Server(socket.SOCK_DGRAM, echo_datagrams) as server:
        same = board.eval(f"udp_echo({HOST_ADDRESS!r}, {server.port}, {sizes})")
    assert same == len(sizes)


def test_tcp_both_ways_with_hash(board: Board) -> None:
    size = MIB if board.qemu.env == DEFAULT_ENV else MIB // 4
    data = os.urandom(size)
    received = bytearray()

    def sink(sock: socket.socket) -> None:
        with accept(sock) as connection:
            while block := connection.recv(65536):
                received.extend(block)

    def source(sock: socket.socket) -> None:
        with accept(sock) as connection:
            connection.sendall(data)

    with Server(socket.SOCK_STREAM, sink) as server:
        sent = board.eval(f"tcp_upload({HOST_ADDRESS!r}, {server.port}, {size})", 30)
        server.thread.join(5)
    assert len(received) == size and hashlib.sha256(received).digest() == sent
    with Server(socket.SOCK_STREAM, source) as server:
        got = board.eval(f"tcp_download({HOST_ADDRESS!r}, {server.port})", 30)
    assert got == (size, hashlib.sha256(data).digest())


def test_asyncio_sleeps_beside_a_stream(board: Board) -> None:
    board.load("port_asyncio.py")
    with Server(socket.SOCK_STREAM, echo_line) as server:
        answer, ticks, took_ms = board.eval(f"run({HOST_ADDRESS!r}, {server.port})")
    assert (answer, ticks) == (b"HELLO\n", 10)
    assert 200 <= took_ms < 600


def test_stdin_can_be_polled(board: Board) -> None:
    board.load("port_stdin.py")
    board.line.exec_raw_no_follow("print(answer_line(5000))")
    assert board.line.read_until(1, b"READY\r\n", timeout=5).endswith(b"READY\r\n")
    board.line.serial.write(b"a line\r")
    out, err = board.line.follow(5)
    assert (out.strip(), err) == (b"(0, 'a line\\n')", b"")


def test_board_functions(board: Board) -> None:
    board.load("port_board.py")
    ms, us = board.eval("clock()")
    assert 50 <= ms < 500 and abs(us - ms * 1000) < 3000
    assert board.eval("year()") == 2000, "a board without a clock starts in 2000"
    first, second = board.eval("random_pair()")
    assert first != second and len(set(first)) > 8
    assert board.eval("heap_bytes()") >= 250_000
    assert board.eval("big_garbage()") and board.eval("recursion()")
    assert board.eval("scheduled()") == [7]
    assert board.eval("rtc()") == (2031, 2, 3, 4, 5)
    assert len(board.eval("machine.unique_id()")) == 8
    assert "/lib" in board.eval("__import__('sys').path"), "where mip installs"


def test_ctrl_c_breaks_a_busy_loop(board: Board) -> None:
    for loop in (
        "while True: pass",
        "import time\ntime.sleep(100)",
        "import sys\nsys.stdin.read(1)",
    ):
        board.line.exec_raw_no_follow(loop)
        time.sleep(0.1)
        board.line.serial.write(b"\x03")
        _, err = board.line.follow(5)
        assert b"KeyboardInterrupt" in err, loop


def test_soft_reset_keeps_files_and_network(board: Board) -> None:
    board.exec("with open('kept', 'w') as f: f.write('soft')\nx = 1")
    board.line.enter_raw_repl(soft_reset=True, timeout_overall=10)
    assert board.eval("open('kept').read()") == "soft"
    assert board.eval("'x' in globals()") is False
    assert board.eval("__import__('network').LAN().isconnected()") is True
    assert board.eval("__import__('machine').reset_cause()") == 4


def test_machine_reset_keeps_port_and_files(board: Board) -> None:
    port, identity = board.qemu.port, board.eval("__import__('machine').unique_id()")
    board.exec("with open('kept', 'w') as f: f.write('hard')\nimport machine")
    board.line.exec_raw_no_follow("machine.reset()")
    board.disconnect()
    board.connect()
    assert board.qemu.port == port
    assert board.eval("open('kept').read()") == "hard"
    assert board.eval("__import__('machine').reset_cause()") == 2
    assert board.eval("__import__('machine').unique_id()") == identity


def test_file_survives_killing_qemu(board: Board) -> None:
    before = board.eval("__import__('machine').unique_id()")
    board.exec("with open('kept', 'w') as f: f.write('killed')")
    board.stop(QemuBoard.power_cut)
    board.start()
    assert board.eval("open('kept').read()") == "killed"
    assert board.eval("__import__('machine').unique_id()") == before
    assert board.eval("__import__('machine').reset_cause()") == 1


def test_unaligned_access_faults_only_on_armv6m(board: Board) -> None:
    board.load("port_board.py")
    if board.qemu.env != "qemu_m0plus":
        assert board.eval("unaligned() == int.from_bytes(bytes(range(5, 9)), 'little')")
        return
    board.line.exec_raw_no_follow("unaligned()")
    seen = board.line.read_until(1, b"hfsr", timeout=5)
    assert b"FAULT pc=" in seen and b"cfsr=01000000" in seen  # UsageFault, UNALIGNED
    board.disconnect()
    board.connect()
    assert board.eval("__import__('machine').reset_cause()") == 3


# --- once, on the default image ---


def test_resolver_answers_literal_addresses(default_board: Board) -> None:
    default_board.load("port_network.py")
    assert default_board.eval("wait_address()") == "10.0.2.15"
    assert default_board.eval("resolve('10.0.2.2')") == HOST_ADDRESS


def test_idle_board_takes_no_host_cpu(default_board: Board) -> None:
    def cpu_s() -> float:
        fields = Path(f"/proc/{default_board.qemu.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    default_board.exec("pass")
    before = cpu_s()
    time.sleep(1)
    assert cpu_s() - before < 0.2


def test_power_cuts_never_cost_a_closed_file(fresh_board: Board) -> None:
    """Kill QEMU while the board writes: what was closed before is there, and the flash mounts."""
    board = fresh_board
    writer = (
        "n = {}\nwhile True:\n    n += 1\n"
        "    with open('count.new', 'w') as f: f.write(str(n))\n"
        "    os.rename('count.new', 'count')\n    print(n)"
    )
    reached = 0
    for cut in range(4):
        board.start()
        if cut:
            stored = int(board.eval("open('count').read()"))
            assert stored >= reached, f"cut {cut}: {reached} was closed, {stored} is there"
        board.exec("import os")
        board.line.exec_raw_no_follow(writer.format(reached))
        for _ in range(3 + cut):
            reached = int(board.line.read_until(1, b"\n", timeout=5).split()[-1])
        board.stop(QemuBoard.power_cut)


def test_sender_faster_than_the_board_loses_nothing(default_board: Board) -> None:
    """More than the receive ring holds, at once, while Python does something else."""
    data = bytes(65 + n % 26 for n in range(20_000))
    default_board.line.exec_raw_no_follow(
        "import hashlib, sys, time\ntime.sleep_ms(1000)\n"
        f"print(hashlib.sha256(sys.stdin.read({len(data)})).digest())"
    )
    default_board.line.serial.write(data)
    out, err = default_board.line.follow(10)
    assert not err and ast.literal_eval(out.decode().strip()) == hashlib.sha256(data).digest()


def test_reader_that_left_does_not_stop_the_board(default_board: Board) -> None:
    """Output that nobody takes is dropped after a while, and the program goes on."""
    default_board.line.exec_raw_no_follow(
        "import time\nstart = time.ticks_ms()\nfor n in range(3000): print('x' * 20)\n"
        "took_ms = time.ticks_diff(time.ticks_ms(), start)"
    )
    time.sleep(2.5)
    default_board.disconnect()
    default_board.connect()
    assert default_board.eval("took_ms") < 2000


@pytest.mark.long
def test_boots_20_of_20(fresh_board: Board) -> None:
    board = fresh_board
    for _ in range(20):
        board.start()
        board.load("port_network.py")
        assert board.eval("wait_address()") == "10.0.2.15"
        board.stop()


def test_flash_file_is_not_shared(default_board: Board) -> None:
    second = Board(DEFAULT_ENV, default_board.qemu.flash)
    expected = f"in use by another QEMU, process {default_board.qemu.pid}$"
    with pytest.raises(QemuError, match=expected):
        second.start()


def test_missing_firmware_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(QemuError, match="no firmware .*: run `make firmware ENV=qemu_an386`$"):
        QemuBoard(DEFAULT_ENV, tmp_path / "none.elf", tmp_path / "flash.bin").start()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_board_options(tmp_path: Path) -> None:
    """A fixed name for the port, an Ethernet address, a way in from the host, a capture, the reset
    button; all with a comma and a space in the path."""
    folder = tmp_path / "a, b"
    folder.mkdir()
    port, mac = free_port(), bytes.fromhex("525400aabbcc")
    board = Board(
        DEFAULT_ENV,
        folder / "flash.bin",
        mac=mac.hex(":"),
        link=folder / "port",
        pcap=folder / "wire.pcap",
        hostfwd=[f"udp:127.0.0.1:{port}-:7000"],
    )
    board.start()
    try:
        assert board.qemu.port == str(folder / "port") and os.path.realpath(board.qemu.port)
        assert board.eval("__import__('network').LAN().config('mac')") == mac
        board.exec("kept = 1")
        board.qemu.press_reset()
        board.disconnect()
        board.connect()
        assert board.eval("'kept' in globals()") is False
        board.load("port_network.py")
        board.eval("wait_address()")
        board.line.exec_raw_no_follow(
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', 7000))\n"
            "d, a = s.recvfrom(100)\ns.sendto(d + b'!', a)\ns.close()"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            time.sleep(0.2)
            sock.sendto(b"in", ("127.0.0.1", port))
            assert sock.recv(100) == b"in!"
        board.line.follow(5)
    finally:
        board.stop()
    capture = (folder / "wire.pcap").read_bytes()
    assert b"in!" in capture and mac in capture
    assert not (folder / "port").is_symlink()


def test_detached_board_outlives_its_starter(tmp_path: Path) -> None:
    """What an upload does: QEMU goes on, and the flash stays locked while it does."""
    elf, flash, link = (
        FIRMWARE / DEFAULT_ENV / "firmware.elf",
        tmp_path / "flash",
        tmp_path / "port",
    )
    code = (
        "import sys; from wgprov.targets.qemu import QemuBoard; "
        "print(QemuBoard(*sys.argv[1:4], link=sys.argv[4], detach=True).start().pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, DEFAULT_ENV, elf, flash, link],
        env={**os.environ, "PYTHONPATH": str(ROOT / "host_tools")},
        capture_output=True,
        timeout=20,
        check=True,
    )
    pid = int(done.stdout)
    try:
        line = SerialTransport(str(link), timeout=1)
        line.enter_raw_repl(soft_reset=False, timeout_overall=5)
        assert line.exec_raw("print(6 * 7)", timeout=5)[0] == b"42\r\n"
        line.close()
        with pytest.raises(QemuError, match="in use by another QEMU"):
            QemuBoard(DEFAULT_ENV, elf, flash).start()
    finally:
        os.kill(pid, signal.SIGTERM)


@pytest.mark.parametrize("env", ENVS)
def test_without_semihosting_the_board_says_what_it_needs(env: str) -> None:
    """A fault report of the firmware itself, and the commonest mistake of those who start it."""
    elf = str(FIRMWARE / env / "firmware.elf")
    command = ["qemu-system-arm", "-M", MACHINES[env], "-display", "none", "-monitor", "none"]
    command += ["-serial", "stdio", "-kernel", elf]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
        timer = threading.Timer(5, qemu.kill)
        timer.start()
        said = [qemu.stdout.readline() for _ in range(2)]
        timer.cancel()
        qemu.kill()
    assert b"no host: start QEMU with -semihosting-config enable=on" in said[1]


def test_timeout_is_reported(default_board: Board) -> None:
    with pytest.raises(TransportError, match="timeout"):
        default_board.exec("import time\ntime.sleep(100)", timeout=0.3)
    default_board.line.serial.write(b"\x03")
    assert b"KeyboardInterrupt" in default_board.line.follow(5)[1]
