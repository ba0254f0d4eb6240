# SPDX-License-Identifier: MIT
"""IPv4 and IPv6, inside and outside: all four combinations, against wireguard-go on the loopback
addresses of both families."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from demo import board_script, capture
from demo.rig import HOST, WGPROV, chosen_env, firmware
from peer.driver import Peer, PeerConfig

from wgprov.targets.qemu import QemuBoard

HOST6 = "fec0::2"  # the host, as QEMU's user network shows it over IPv6
SERVER = {"IPv4": "10.7.0.1", "IPv6": "fd07::1"}
BOARD = {"IPv4": "10.7.0.2", "IPv6": "fd07::2"}
OUTSIDE = {"IPv4": HOST, "IPv6": f"[{HOST6}]"}
OVERHEAD = {"IPv4": 60, "IPv6": 80}
HANDSHAKE_TOS = 0x88
TCP_BYTES = 64 << 10
TCP_PORT = 7070
IPV6 = 0x86DD


def needs_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")


@contextmanager
def tunnel(folder: Path, outside: str) -> Iterator[tuple[Peer, QemuBoard, Path]]:
    env, pcap = chosen_env(), folder / "wire.pcap"
    with (
        Peer(list(SERVER.values()), log=folder / "server.log") as server,
        QemuBoard(env, firmware(env), folder / "flash", pcap=pcap) as board,
    ):
        board.wait_prompt()
        conf = folder / "wg0.conf"
        conf.write_text(
            f"[Interface]\nAddress = {BOARD['IPv4']}/24, {BOARD['IPv6']}/64\n"
            f"[Peer]\nPublicKey = {server.public_key}\nAllowedIPs = 10.7.0.0/24, fd07::/64\n"
            f"Endpoint = {OUTSIDE[outside]}:{server.port}\n"
        )
        command = [str(WGPROV), "provision", "-p", board.port, str(conf), "--psk", "none"]
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        key = json.loads(done.stdout)["public_key"]
        server.add_peer(PeerConfig(key, [f"{BOARD['IPv4']}/32", f"{BOARD['IPv6']}/128"]))
        server.wait_handshake(key, 0, 20)
        yield server, board, pcap


@pytest.fixture(scope="module", params=["IPv4", "IPv6"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Peer, QemuBoard, Path, str]]:
    if request.param == "IPv6":
        needs_ipv6()
    with tunnel(tmp_path_factory.mktemp("families"), request.param) as (server, board, pcap):
        yield server, board, pcap, request.param


def datagrams(pcap: Path, port: int, outside: str) -> list[tuple[int, int, bytes]]:
    """(TOS, bytes of the IP packet, first bytes of the message) of what the board sent."""
    found = []
    for frame in capture.frames(pcap):
        kind, packet = struct.unpack_from("!H", frame, 12)[0], frame[14:]
        if outside == "IPv6" and kind == IPV6 and packet[6] == 17:
            head, tos = 40, struct.unpack_from("!H", packet)[0] >> 4 & 0xFF
            size = 40 + struct.unpack_from("!H", packet, 4)[0]
        elif outside == "IPv4" and kind == 0x0800 and packet[9] == 17:
            head, tos, size = 20, packet[1], struct.unpack_from("!H", packet, 2)[0]
        else:
            continue
        if struct.unpack_from("!H", packet, head + 2)[0] == port:
            found.append((tos, size, packet[head + 8 : head + 12]))
    return found


@pytest.mark.parametrize("inside", ["IPv4", "IPv6"])
def test_ping_and_tcp(made: tuple[Peer, QemuBoard, Path, str], inside: str) -> None:
    server, board, pcap, outside = made
    assert server.ping(BOARD[inside]).received == 10
    # Full packets: one outer datagram each, none longer than the underlay's MTU.
    assert server.ping(BOARD[inside], 5, bytes=1372 if inside == "IPv4" else 1352).received == 5
    echo = f"tcp_echo_server({TCP_PORT}, {TCP_BYTES}, {':' in BOARD[inside]})"
    with board_script.BoardScript(board.port, "netif_probe", echo) as script:
        script.wait_ready()
        to = f"[{BOARD[inside]}]:{TCP_PORT}" if inside == "IPv6" else f"{BOARD[inside]}:{TCP_PORT}"
        assert server.tcp_echo(to, TCP_BYTES).bytes == TCP_BYTES
        assert script.result(20) == TCP_BYTES
    sent = datagrams(pcap, server.port, outside)
    assert {tos for tos, _, head in sent if head[0] != 4} == {HANDSHAKE_TOS}
    assert {tos for tos, _, head in sent if head[0] == 4} == {0}
    assert max(size for _, size, _ in sent) == 1420 + OVERHEAD[outside]
