# SPDX-License-Identifier: MIT
"""Both families inside the tunnel, with everything routed into it: 0.0.0.0/0 and ::/0 must not take
the endpoint along, or the tunnel would carry its own datagrams."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.rig import firmware
from mpremote.transport_serial import SerialTransport
from peer.driver import Peer, PeerConfig

from wgprov.targets.qemu import HOST_ADDRESS, QemuBoard

SERVER = ("10.7.0.1", "fd07::1")
BOARD = ("10.7.0.2", "fd07::2")
ECHO_PORT = 7007
SCRIPT = """
import socket
from wireguard import client
def counters():
    return client.interfaces["wg0"].show()["counters"]
def fetch(host):
    found = socket.getaddrinfo(host, {port})[0]
    sock = socket.socket(found[0])
    sock.settimeout(10)
    sock.connect(found[-1])
    sock.close()
    return True
"""


def configuration(server: Peer) -> str:
    return f"""[Interface]
Address = {BOARD[0]}/24, {BOARD[1]}/64
[Peer]
PublicKey = {server.public_key}
Endpoint = {HOST_ADDRESS}:{server.port}
AllowedIPs = 0.0.0.0/0, ::/0
PersistentKeepalive = 25
"""


@pytest.fixture(scope="module")
def tunnel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Peer, QemuBoard]]:
    folder: Path = tmp_path_factory.mktemp("routes")
    env = "qemu_an386"
    with (
        Peer(list(SERVER), log=folder / "server.log") as server,
        QemuBoard(env, firmware(env), folder / "flash") as board,
    ):
        board.wait_prompt()
        conf = folder / "wg0.conf"
        conf.write_text(configuration(server))
        command = [str(Path(sys.executable).parent / "wgprov"), "provision", "-p", board.port]
        done = subprocess.run(
            [*command, str(conf), "--psk", "none", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        key = json.loads(done.stdout)["public_key"]
        server.add_peer(PeerConfig(key, [f"{BOARD[0]}/32", f"{BOARD[1]}/128"]))
        server.wait_handshake(key, 0, 20)
        yield server, board


@pytest.mark.parametrize("address", BOARD)
def test_server_pings_the_board(tunnel: tuple[Peer, QemuBoard], address: str) -> None:
    assert tunnel[0].ping(address).received == 10


@pytest.mark.parametrize("address", SERVER)
def test_board_connects_to_the_server(tunnel: tuple[Peer, QemuBoard], address: str) -> None:
    server, board = tunnel
    if address == SERVER[0]:
        server.tcp_listen(ECHO_PORT)
    line = SerialTransport(board.port)
    line.enter_raw_repl(soft_reset=False, timeout_overall=5)
    line.exec(SCRIPT.format(port=ECHO_PORT))
    assert line.eval(f"fetch({address!r})") is True
    counters = line.eval(
        "__import__('wireguard.client').client.interfaces['wg0'].show()['counters']"
    )
    line.exit_raw_repl()
    line.close()
    assert counters["drop_from_tunnel"] == 0
    assert counters["tx_no_underlay"] == 0
