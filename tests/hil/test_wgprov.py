# SPDX-License-Identifier: MIT
"""wgprov and the real firmware on an emulated board: raw REPL, flash, pulled cables, power cuts.

Needs the firmware (`make firmware`). A power cut is QEMU killed; its flash file is what the flash
chip held.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

import pytest
import serial
import serial.rfc2217
from mpremote.transport_serial import SerialTransport

from tests.unit.test_provision_kit import SERVER_KEY, spellings
from wgprov import cli, transport
from wgprov.targets.qemu import QemuBoard

ROOT = Path(__file__).resolve().parents[2]
ENV = "qemu_an386"
ELF = ROOT / ".cache" / "build" / "firmware" / ENV / "firmware.elf"
OLD, NEW = "10.7.0.2/24", "10.7.0.3/24"
IN_FORCE = """
import wireguard.store as store
def in_force(name="wg0"):
    try:
        config, key, preshared = store.load(name)
    except store.Missing:
        return None
    secret = bytearray(32)
    key.export_into(secret)
    found = [config["address"][0], bytes(secret), key.public_key()]
    key.wipe()
    for psk in preshared:
        if psk:
            psk.export_into(secret)
            found.append(bytes(secret))
            psk.wipe()
    return found
print(in_force())
"""


@pytest.fixture
def board(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_conf(OLD)
    with QemuBoard(ENV, ELF, tmp_path / "flash.bin") as running:
        running.wait_prompt()
        yield running


def write_conf(address=OLD, peers=1):
    text = f"[Interface]\nAddress = {address}\n"
    for i in range(peers):
        key = base64.b64encode(bytes([i + 5] * 32)).decode() if i else SERVER_KEY
        text += f"[Peer]\nPublicKey = {key}\nAllowedIPs = 10.{i + 7}.0.0/24\n"
        text += "Endpoint = 10.0.2.2:9\nPersistentKeepalive = 25\n"
    Path("wg0.conf").write_text(text)


def wgprov(*arguments, status=0):
    """Run the command in its own process, as a person does."""
    done = subprocess.run(
        [sys.executable, "-c", "from wgprov.cli import main; main()", *arguments],
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "host_tools")},
    )
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def python(board, code):
    """Run code on the board; returns what it prints."""
    with transport._raw_repl(board.port) as repl:
        out, err = repl.exec_raw(code, timeout=10)
    assert not err, err.decode()
    return out.decode().strip()


def in_force(board):
    """[address, private key, public key, preshared keys …] on the board's flash, or None."""
    return ast.literal_eval(python(board, IN_FORCE))


class Cable:
    """A pty in front of the board's, through which all bytes pass, until it is pulled: when the
    host has sent `sent` bytes, or at `lines` lines, either way, after the agent was started."""

    def __init__(self, board, lines=None, sent=None):
        self._board = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        self._host, self._slave = os.openpty()
        for fd in (self._board, self._slave):
            tty.setraw(fd)
        self.port = os.ttyname(self._slave)
        self._lines, self._sent = lines, sent
        self._stop_r, self._stop_w = os.pipe()
        self.to_board, self.to_host = bytearray(), bytearray()
        self.pulled = False
        self._thread = threading.Thread(target=self._copy)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._stop_w, b"x")
        self._thread.join()
        for fd in (self._slave, self._stop_r, self._stop_w):
            os.close(fd)

    def _copy(self):
        try:
            while not self.pulled:
                ready, _, _ = select.select([self._host, self._board, self._stop_r], [], [])
                if self._stop_r in ready:
                    return
                for fd in ready:
                    data = os.read(fd, 4096)
                    if not data:  # the other end is gone
                        return
                    self._pass(fd, data)
        except OSError:
            pass
        finally:
            os.close(self._host)
            os.close(self._board)

    def _pass(self, fd, data):
        from_host = fd == self._host
        if self._sent is not None and from_host:
            data = data[: self._sent - len(self.to_board)]
            self.pulled = len(self.to_board) + len(data) >= self._sent
        elif self._lines is not None and b"agent.serve()\n" in self.to_board:
            whole = data.split(b"\n")
            self.pulled = len(whole) > self._lines + 1 or self._lines == 0
            data = b"\n".join(whole[: self._lines + 1] if self._lines else [])
            self._lines -= len(whole) - 1
        os.write(self._board if from_host else self._host, data)
        kept = self.to_board if from_host else self.to_host
        kept += data


def test_provision_show_remove(board):
    out, err = wgprov("provision", "-p", board.port, "--psk", "generate", "wg0.conf")
    address, private, public, psk = in_force(board)
    assert err == "" and address == OLD
    public_text = base64.b64encode(public).decode()
    assert f"public key: {public_text} (made on the board, from os.urandom)" in out
    block = Path("wg0.server-peer.conf").read_text()
    assert f"PublicKey = {public_text}\n" in block and "AllowedIPs = 10.7.0.2/32\n" in block
    assert f"PresharedKey = {base64.b64encode(psk).decode()}\n" in block
    assert os.stat("wg0.server-peer.conf").st_mode & 0o777 == 0o600

    out, _ = wgprov("show", "-p", board.port)
    assert re.fullmatch(
        f"interface: wg0\n  public key: {re.escape(public_text)}\n  private key: \\(hidden\\)\n"
        r"  listening port: \d+\n  status: .+\n\n"
        f"peer: {re.escape(SERVER_KEY)}\n  preshared key: \\(hidden\\)\n  endpoint: 10.0.2.2:9\n"
        "  allowed ips: 10.7.0.0/24\n(  transfer: .*\n)?"
        "  persistent keepalive: every 25 seconds\n",
        out,
    ), out

    _, err = wgprov("show", "wg7", "-p", board.port, status=4)
    assert err == "wgprov: the board has no interface wg7 (it has: wg0)\n"
    assert wgprov("remove", "wg0", "--yes", "-p", board.port)[0] == "wg0: removed\n"
    assert in_force(board) is None
    _, err = wgprov("remove", "wg0", "--yes", "-p", board.port, status=4)
    assert "no interface wg0" in err


def test_show_leaves_the_tunnel_alone(board):
    wgprov("provision", "-p", board.port, "wg0.conf")
    ports = set()
    for _ in range(3):
        [shown] = json.loads(wgprov("show", "--json", "-p", board.port)[0])["interfaces"]
        ports.add(shown["listen_port"])
    assert len(ports) == 1 and ports != {0}


def test_configuration_survives_a_power_cut_and_comes_up_by_itself(board):
    wgprov("provision", "-p", board.port, "wg0.conf")
    before = in_force(board)
    board.power_cut()
    board.start()
    board.wait_prompt()
    assert in_force(board) == before
    assert python(board, "import wireguard.client as c; print(list(c.interfaces))") == "['wg0']"


def test_private_key_never_crosses_the_cable(board):
    with Cable(board) as cable:
        out, err = wgprov("provision", "-p", cable.port, "--psk", "generate", "wg0.conf")
        out += wgprov("show", "-p", cable.port)[0]
        out += wgprov("show", "--json", "-p", cable.port)[0]
        out += wgprov("ports", "-p", cable.port)[0]
        seen = bytes(cable.to_host), bytes(cable.to_board), out.encode(), err.encode()
    _, private, _, psk = in_force(board)
    for output in seen:
        for spelling in spellings(private):
            assert spelling not in output
    for output in (seen[0], seen[2], seen[3]):
        for spelling in spellings(psk):
            assert spelling not in output
    assert seen[1].count(base64.b64encode(psk)) == 1


def test_many_times_with_all_peers_loses_no_key_handle(board):
    """The board has a small pool of key handles: each one that leaks is missed soon."""
    write_conf(peers=4)
    keys = set()
    for _ in range(8):
        out, _ = wgprov("provision", "-p", board.port, "--psk", "generate", "--json", "wg0.conf")
        outcome = json.loads(out)
        keys.add(outcome["public_key"])
        assert outcome["tunnel"] == "started"
        wgprov("show", "-p", board.port)
    assert len(keys) == 1 and len(in_force(board)) == 3 + 4


def pull(board, old, **when):
    """Provision through a cable that is pulled; returns (status, state on flash, pulled)."""
    with Cable(board, **when) as cable:
        status = cli.run(["provision", "-p", cable.port, "--psk", "generate", "wg0.conf"])
    now = in_force(board)
    assert now[1] == old[1], "another key"
    assert now == old or (now[0] == NEW and len(now) == 4), now
    return status, now, cable.pulled


def test_cable_pulled_at_every_line(board):
    """The board keeps the old configuration or has the new one; the next run completes.

    Lines: hello, prepare, psk, commit and bye, with a reply to each, and twice "working".
    """
    wgprov("provision", "-p", board.port, "wg0.conf")
    old = in_force(board)
    write_conf(NEW)
    for lines in range(8):
        assert pull(board, old, lines=lines) == (3, old, True)
    status, now, pulled = pull(board, old, lines=8)  # what follows the commit is lost
    assert (status, now[0], pulled) == (3, NEW, True)
    for lines, status, pulled in ((9, 3, True), (10, 0, True), (11, 0, True), (20, 0, False)):
        assert pull(board, now, lines=lines)[::2] == (status, pulled)


def test_cable_pulled_before_the_agent_runs(board):
    wgprov("provision", "-p", board.port, "wg0.conf")
    old = in_force(board)
    write_conf(NEW)
    for sent in range(1, 60, 4):
        assert pull(board, old, sent=sent) == (3, old, True)
    assert pull(board, old)[0] == 0


def test_power_cut_while_the_board_writes(board):
    """Killed at staggered moments from the commit on: flash holds all of one configuration."""
    wgprov("provision", "-p", board.port, "--psk", "generate", "wg0.conf")
    states = [in_force(board)]
    seen = set()
    for attempt in range(40):
        if attempt >= 12 and len(seen) == 2:
            break
        address = f"10.7.0.{attempt + 10}/24"
        write_conf(address)
        commit = b'"op": "commit"'
        with Cable(board) as cable:
            run = threading.Thread(
                target=cli.run,
                args=(["provision", "-p", cable.port, "--psk", "generate", "wg0.conf"],),
            )
            run.start()
            deadline = time.monotonic() + 20
            while commit not in cable.to_board and time.monotonic() < deadline:
                time.sleep(0.0005)
            time.sleep(attempt * 0.003)
            board.power_cut()
            run.join(30)
        board.start()
        board.wait_prompt()
        now = in_force(board)
        assert now[1] == states[0][1], "the private key changed"
        if now != states[-1]:
            assert now[0] == address and len(now) == 4
            states.append(now)
        seen.add(now[0] == address)
    assert seen == {True, False}, "every cut came too early, or every one too late"


def test_board_without_the_module(board):
    hide = (
        "import sys\n"
        "for m in list(sys.modules):\n"
        "    if m.startswith('wireguard'): del sys.modules[m]\n"
        "sys.path[:] = ['/hidden']\n"
    )
    python(board, hide)
    _, err = wgprov("show", "-p", board.port, status=4)
    assert "without the wireguard module: flash firmware" in err and err.count("\n") == 1
    out, _ = wgprov("ports", "-p", board.port, "--json")
    [port] = json.loads(out)["ports"]
    assert port["board"].startswith("micropython 1.") and "without the wireguard" in port["note"]

    python(
        board,
        "import os\n"
        "for d in ('/hidden', '/hidden/wireguard'): os.mkdir(d)\n"
        "with open('/hidden/wireguard/__init__.py', 'w') as f: f.write('')\n",
    )
    _, err = wgprov("provision", "-p", board.port, "wg0.conf", status=4)
    assert "too old for this wgprov: update it" in err and err.count("\n") == 1


def test_a_running_program_is_interrupted(board):
    wgprov("provision", "-p", board.port, "wg0.conf")
    for code in (b"while True: pass\r", b"import time; time.sleep(1000)\r"):
        with board.open() as line:
            os.write(line, code + b"\r\r")
            time.sleep(0.5)
        assert "interface: wg0" in wgprov("show", "-p", board.port)[0]


def test_ctrl_c_works_after_a_session(board):
    """serve() takes Ctrl-C away while it runs and must give it back."""
    wgprov("show", "-p", board.port)
    with board.open() as line:
        os.write(line, b"while True: pass\r\r\r")
        time.sleep(0.3)
        os.write(line, b"\x03")
        seen = b""
        while not seen.endswith(b">>> ") and select.select([line], [], [], 3)[0]:
            seen += os.read(line, 4096)
    assert b"KeyboardInterrupt" in seen


def test_garbage_at_the_agent(board):
    """Everything that is not a request is answered in one line, and costs no memory."""
    free = "import gc; gc.collect(); print(gc.mem_free())"
    wgprov("show", "-p", board.port)
    before = int(python(board, free))
    line = SerialTransport(board.port, timeout=3)
    line.enter_raw_repl(soft_reset=False, timeout_overall=5)
    line.exec_raw_no_follow("import wireguard.agent as a; a.serve()")
    garbage = [bytes(b for b in range(256) if b not in b"\x03\r\n")]
    garbage += [b"x" * 5000, b"[" * 1000, b"{" * 1000, b"\xff" * 9]
    garbage += [b'{"op": "prepare", "config": {}}', b'{"op": "commit", "name": "wg0"}']
    for piece in garbage * 3:
        for start in range(0, len(piece), 128):
            line.serial.write(piece[start : start + 128])
            time.sleep(0.01)
        line.serial.write(b"\n")
        reply = json.loads(line.serial.readline())
        assert set(reply) == {"id", "error", "field"}
    line.serial.write(b'{"op": "hello", "id": 5}\n')
    assert json.loads(line.serial.readline())["ok"] is True
    line.serial.write(b'{"op": "bye", "id": 6}\n')
    assert json.loads(line.serial.readline())["ok"] is True
    line.read_until(1, b"\x04\x04>")
    line.exit_raw_repl()
    line.close()
    assert abs(int(python(board, free)) - before) < 4096


class PtySerial(serial.Serial):
    """A pty has no modem lines, and PortManager reports them."""

    cts = dsr = ri = cd = dtr = rts = False


class Bridge:
    """A TCP port in front of the board's pty, plain or RFC 2217, as on a lab computer."""

    def __init__(self, board, rfc2217):
        self._port = PtySerial(board.port, timeout=0.01)
        self._manager = None
        self._rfc2217 = rfc2217
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "rfc2217" if rfc2217 else "socket"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(30)
        self._listener.close()
        self._port.close()

    def write(self, data):  # what PortManager answers with
        self._peer.sendall(data)

    def _serve(self):
        self._peer, _ = self._listener.accept()
        if self._rfc2217:
            self._manager = serial.rfc2217.PortManager(self._port, self)
        with self._peer, contextlib.suppress(BrokenPipeError):  # the other end may hang up first
            while True:
                ready, _, _ = select.select([self._peer, self._port.fileno()], [], [])
                if self._port.fileno() in ready:
                    data = self._port.read(max(1, self._port.in_waiting))
                    if self._manager:
                        data = b"".join(self._manager.escape(data))
                    self._peer.sendall(data)
                if self._peer in ready:
                    data = self._peer.recv(4096)
                    if not data:
                        return
                    if self._manager:
                        data = b"".join(self._manager.filter(data))
                    self._port.write(data)


@pytest.mark.parametrize("rfc2217", [False, True], ids=["socket", "rfc2217"])
def test_over_the_network(board, rfc2217):
    with Bridge(board, rfc2217) as bridge:
        out, _ = wgprov("provision", "-p", bridge.url, "--psk", "generate", "--json", "wg0.conf")
    assert base64.b64decode(json.loads(out)["public_key"]) == in_force(board)[2]
