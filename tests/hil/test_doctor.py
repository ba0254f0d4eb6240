# SPDX-License-Identifier: MIT
"""wgprov doctor on an emulated board with a real server: each check is seen to pass and to fail."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo.rig import chosen_env
from peer.driver import Peer, PeerConfig

from wgprov import cli, transport
from wgprov.commands import doctor
from wgprov.targets.qemu import QemuBoard

BOARD, SERVER = "10.7.0.2", "10.7.0.1"
ENDPOINT = "10.0.2.2"

Findings = dict[str, tuple[str, str]]
Look = Callable[..., Findings]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doctor")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Peer]:
    with Peer([SERVER], log=folder / "server.log") as running:
        yield running


@pytest.fixture(scope="module")
def board(elf: Path, folder: Path) -> Iterator[QemuBoard]:
    with QemuBoard(chosen_env(), elf, folder / "flash.bin") as running:
        running.wait_prompt()
        yield running


@pytest.fixture
def look(capfd: pytest.CaptureFixture[str]) -> Look:
    def examine(port: str, status: int) -> Findings:
        capfd.readouterr()
        assert cli.run(["doctor", "--json", "-p", port]) == status
        found = json.loads(capfd.readouterr().out)["findings"]
        return {finding["what"]: (finding["state"], finding["text"]) for finding in found}

    return examine


def python(board: QemuBoard, code: str) -> None:
    with transport._raw_repl(board.port) as repl:
        _, err = repl.exec_raw(code, timeout=10)
    assert not err, err.decode()


def provision(board: QemuBoard, folder: Path, server: Peer, *, host: str, port: int) -> str:
    """Give the board a configuration with this endpoint; returns its public key."""
    path = folder / "wg0.conf"
    path.write_text(
        f"[Interface]\nAddress = {BOARD}/24\nMTU = 1380\n[Peer]\nPublicKey = {server.public_key}\n"
        f"AllowedIPs = 10.7.0.0/24\nEndpoint = {host}:{port}\nPersistentKeepalive = 1\n"
    )
    assert cli.run(["provision", "-p", board.port, str(path)]) == 0
    with transport.connect(board.port) as session:
        session.hello()
        return str(session.request("config", name="wg0")["public_key"])


def test_the_cable(look: Look) -> None:
    state, text = look("/dev/does-not-exist", 4)["port"]
    assert state == "bad" and "plug the board in" in text


def test_a_port_that_somebody_else_has(look: Look) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        with open(os.ttyname(slave), "rb", buffering=0) as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            state, text = look(os.ttyname(slave), 4)["port"]
    finally:
        os.close(slave)
        os.close(master)
    assert state == "bad" and "in use by another program" in text


def test_a_new_board(board: QemuBoard, look: Look) -> None:
    found = look(board.port, 4)
    assert found["port"] == ("ok", board.port) and found["board"][0] == "ok"
    assert found["crypto"][0] == "ok" and found["configuration"][0] == "bad"


@pytest.mark.parametrize(
    "datetime, state, text",
    [
        ((2000, 1, 1), "note", "not set"),
        ((2031, 1, 1), "note", "off: the tunnel does not mind"),
        (None, "ok", "UTC"),
    ],
)
def test_the_clock(
    board: QemuBoard, look: Look, datetime: tuple[int, ...] | None, state: str, text: str
) -> None:
    year, month, day = datetime or time.gmtime()[:3]
    hour, minute, second = (0, 0, 0) if datetime else time.gmtime()[3:6]
    when = (year, month, day, 0, hour, minute, second, 0)
    python(board, f"import machine\nmachine.RTC().datetime({when})")
    found = look(board.port, 4)["clock"]
    assert found[0] == state and text in found[1]


def test_crypto_that_computes_wrong(board: QemuBoard, look: Look) -> None:
    python(board, "import wireguard as w\nw.kept = w.selftest\nw.selftest = lambda: BAD\n")
    python(board, "w.BAD = BAD = dict(w.kept(), x25519=('generic32', 'failed'))")
    try:
        state, text = look(board.port, 4)["crypto"]
    finally:
        python(board, "w.selftest = w.kept")
    assert state == "bad" and "x25519" in text and "do not use this board" in text


def test_firmware_without_the_module(board: QemuBoard, look: Look) -> None:
    python(board, "import sys\nkept = dict(sys.modules), sys.path[:]\nsys.path[:] = ['/hidden']\n")
    python(board, "for m in kept[0]:\n    if m.startswith('wireguard'): del sys.modules[m]\n")
    try:
        state, text = look(board.port, 4)["board"]
    finally:
        python(board, "sys.path[:] = kept[1]\nsys.modules.update(kept[0])")
    assert state == "bad" and "flash firmware that has it" in text


def test_a_server_that_does_not_know_the_board(
    board: QemuBoard, folder: Path, server: Peer, look: Look
) -> None:
    provision(board, folder, server, host=ENDPOINT, port=server.port)
    found = look(board.port, 4)
    assert found["wg0 tunnel"][0] == "bad"
    assert found["wg0 from the board"][0] == "note", "it still tries"
    assert found["wg0 route here"][0] == "ok" and "1380" in found["wg0 MTU"][1]


def test_a_tunnel_that_works(board: QemuBoard, folder: Path, server: Peer, look: Look) -> None:
    key = provision(board, folder, server, host=ENDPOINT, port=server.port)
    server.add_peer(PeerConfig(key, [f"{BOARD}/32"], None))
    provision(board, folder, server, host=ENDPOINT, port=server.port)  # starts it: no need to wait
    server.wait_handshake(key, 0, timeout_s=20)
    found = look(board.port, 0)
    assert found["wg0 tunnel"][0] == found["wg0 from the board"][0] == "ok"
    assert f"{ENDPOINT}:{server.port} answered" in found["wg0 from the board"][1]

    python(board, "import network\nlan = network.LAN()\nlan.active(False)")
    try:
        for _ in range(20):  # until the next keepalive finds no way out
            time.sleep(0.5)
            if cli.run(["doctor", "-p", board.port]):
                break
        found = look(board.port, 4)
    finally:
        python(board, "lan.active(True)")
    assert found["wg0 from the board"][0] == "bad"
    assert "no route to the endpoint" in found["wg0 from the board"][1]


def test_names_and_routes(board: QemuBoard, folder: Path, server: Peer, look: Look) -> None:
    provision(board, folder, server, host="localhost", port=server.port)
    found = look(board.port, 4)
    assert found["wg0 route here"][0] == "ok" and "localhost is " in found["wg0 route here"][1]
    assert found["wg0 MTU"][0] == "ok", "the loopback interface takes more than any other"
    provision(board, folder, server, host="no-such-name.invalid", port=server.port)
    found = look(board.port, 4)
    assert found["wg0 DNS"][0] == found["wg0 DNS here"][0] == "bad"
    # A link-local address without an interface leads nowhere, from any computer.
    provision(board, folder, server, host="[fe80::1]", port=server.port)
    found = look(board.port, 4)
    assert found["wg0 route here"][0] == "bad" and "no way to fe80::1" in found["wg0 route here"][1]


def test_mtu() -> None:
    assert doctor.mtu_finding("wg0", 1420, 1420).state == "ok"
    finding = doctor.mtu_finding("wg0", 1420, 1340)
    assert finding.state == "note" and "set MTU = 1340" in finding.text
    assert doctor.mtu_finding("wg0", 1420, None).state == "note"
