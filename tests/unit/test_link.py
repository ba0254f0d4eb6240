# SPDX-License-Identifier: MIT
"""wireguard.link against wireguard-go: on CPython, and on MicroPython's unix port with the native
module for x64. And what it says to bad input."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import _wireguard
from host_tools.peer.driver import Peer, PeerConfig
from wireguard import config, packets, store
from wireguard.link import RawLink

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "natmod"), str(ROOT / "firmware" / "binding" / "natmod")]
import machines  # noqa: E402
import mip  # noqa: E402

SCRIPT = ROOT / "tests" / "natmod" / "live.py"
PORT_NETWORK = ROOT / "tests" / "device" / "port_network.py"
MICROPYTHON = ROOT / ".cache" / "build" / "natmod" / "vm" / "unix" / "micropython"
NATMOD = ROOT / ".cache" / "build" / "natmod" / "x64"
SERVER, BOARD = "10.9.0.1", "10.9.0.2"
SERVER6, BOARD6 = "fd09::1", "fd09::2"
KEY, PSK = bytes([0x40] + [7] * 30 + [0x47]), bytes(range(32))
ECHOES = 20
RUN_S = 60


def micropython() -> tuple[list[str], dict[str, str]]:
    assert MICROPYTHON.exists() and (NATMOD / "_wireguard.mpy").exists(), "run `make natmods-quick`"
    path = f"{NATMOD}:{ROOT / 'mpy'}:.frozen"
    return [str(MICROPYTHON), str(SCRIPT)], {"MICROPYPATH": path}


def cpython() -> tuple[list[str], dict[str, str]]:
    path = os.pathsep.join([str(ROOT / "mpy"), str(ROOT / "firmware" / "binding" / "cpython")])
    return [sys.executable, str(SCRIPT)], {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Peer]:
    with Peer([SERVER, SERVER6], log=tmp_path / "server.log") as peer:
        public = _wireguard.PrivateKey(KEY).public_key()
        psk = base64.b64encode(PSK).decode()
        inside = [f"{BOARD}/32", f"{BOARD6}/128"]
        peer.add_peer(PeerConfig(base64.b64encode(public).decode(), inside, psk))
        yield peer


def start(runner, server: Peer, use_asyncio: bool, **other: str) -> subprocess.Popen[str]:
    command, environment = runner()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    )
    task = {
        "key": KEY.hex(),
        "address": BOARD,
        "address6": BOARD6,
        "server": SERVER,
        "server6": SERVER6,
        "server_key": server.public_key,
        "endpoint": f"127.0.0.1:{server.port}",
        "preshared_key": base64.b64encode(PSK).decode(),
        "echoes": ECHOES if use_asyncio else 2 * ECHOES,
        "asyncio": use_asyncio,
        **other,
    }
    assert process.stdin is not None
    process.stdin.write(json.dumps(task) + "\n")
    process.stdin.flush()
    return process


def lines_until(process: subprocess.Popen[str], last: str) -> list[str]:
    lines: list[str] = []
    assert process.stdout is not None
    while not lines or lines[-1] != last:
        line = process.stdout.readline()
        if not line:
            break
        lines.append(line.strip())
    return lines


def end(process: subprocess.Popen[str]) -> list[str]:
    try:
        out, _ = process.communicate(timeout=RUN_S)
    finally:
        process.kill()
    return out.splitlines()


@pytest.mark.parametrize("runner", [cpython, micropython])
def test_live_tunnel(server: Peer, runner) -> None:
    process = start(runner, server, use_asyncio=False)
    try:
        lines = lines_until(process, "ready")
        pings = [f"ping {size} True" for size in (0, 1, 56, 1300)]
        assert lines == [*pings, "ping6 True", "state up None", "ready"]
        assert server.ping(BOARD, count=5).received == 5
        assert server.ping(BOARD6, count=5).received == 5
        assert server.udp_step(f"[{BOARD6}]:7", 1234, ECHOES, 1200).acknowledged == ECHOES
        steps = server.udp_step(f"{BOARD}:7", 1234, ECHOES, 1200)
        assert (steps.sent, steps.acknowledged) == (ECHOES, ECHOES)
    finally:
        rest = end(process)
    assert rest == [f"echoed {2 * ECHOES}", "counters 0", "closed"]


@pytest.mark.parametrize("runner", [cpython, micropython])
def test_live_tunnel_of_asyncio(server: Peer, runner) -> None:
    process = start(runner, server, use_asyncio=True)
    try:
        assert lines_until(process, "ready") == ["ping True", "ready"]
        assert server.udp_step(f"{BOARD}:7", 1234, ECHOES, 200).acknowledged == ECHOES
    finally:
        rest = end(process)
    assert rest == [f"echoed {ECHOES}", "others ran True"]


def test_a_wrong_preshared_key_is_no_tunnel(server: Peer) -> None:
    """That the tests above can fail."""
    link = RawLink(KEY, [BOARD])
    peer = link.add_peer(server.public_key, f"127.0.0.1:{server.port}", [SERVER], bytes(32))
    assert link.ping(SERVER, timeout_ms=500) is None
    assert peer.state == "connecting"
    link.close()


# --- packets -----------------------------------------------------------------------------------

V4, V4_OTHER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
V6, V6_OTHER = bytes([0xFD] + [0] * 14 + [1]), bytes([0xFD] + [0] * 14 + [2])


def reference_checksum(data: bytes) -> int:
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xff", b"\xff\xfe\0\1", b"abc", bytes(7)])
def test_checksum(data: bytes) -> None:
    for more in range(300):
        sample = data + bytes((more * 31 + i * 7) & 0xFF for i in range(more))
        assert packets.checksum(sample) == reference_checksum(sample)


@pytest.mark.parametrize(("source", "target"), [(V4, V4_OTHER), (V6, V6_OTHER)])
@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5])
def test_udp_and_echo_come_back(source: bytes, target: bytes, data: bytes) -> None:
    packet = packets.udp(source, 7, target, 65535, data)
    assert packets.parse(packet + b"padding")[:3] == (source, target, packets.UDP)
    payload = packets.parse(packet)[3]
    assert packets.parse_udp(source, target, payload) == (7, 65535, data)
    assert packets.parse_udp(source, source, payload) is None, "the checksum covers the addresses"
    for is_reply in (False, True):
        parsed = packets.parse(packets.echo(source, target, is_reply, 5, 6, data))
        assert packets.parse_echo(source, target, parsed[3]) == (is_reply, 5, 6, data)
        spoilt = parsed[3][:-1] + bytes([parsed[3][-1] ^ 1])
        assert packets.parse_echo(source, target, spoilt) is None


def test_packets_that_are_refused() -> None:
    """Too short, fragments, lengths and checksums that lie."""
    packet = packets.udp(V4, 1, V4_OTHER, 2, b"hello")
    assert packets.parse(packet[:19]) is None and packets.parse(b"") is None
    assert packets.parse(packet[:-1]) is None
    fragment = packet[:6] + b"\x20\0" + packet[8:]
    assert packets.parse(fragment) is None
    assert packets.parse(packet[:8] + b"\1" + packet[9:]) is None, "header checksum"
    assert packets.parse(packets.udp(V6, 1, V6_OTHER, 2, b"hello")[:-1]) is None
    assert packets.parse_udp(V4, V4_OTHER, b"\0\1\0\2\0\7\0\0") is None, "a length below 8"
    with pytest.raises(ValueError, match="family"):
        packets.udp(V4, 1, V6, 2, b"")


# --- bad input ---------------------------------------------------------------------------------

PUBLIC = base64.b64encode(_wireguard.PrivateKey(bytes([9] * 32)).public_key()).decode()


@pytest.fixture
def link() -> Iterator[RawLink]:
    made = RawLink(KEY, [BOARD, "fd00::2/64"])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((b"short", [BOARD]), "32 bytes, this one 5"),
        (("no base64!", [BOARD]), "base64|32 bytes"),
        ((KEY, []), "needs an inner address"),
        ((KEY, ["10.0.0.300"]), "10.0.0.300"),
        ((KEY, ["10.0.0.1/40"]), "prefix length"),
    ],
)
def test_bad_links(arguments: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RawLink(*arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((b"x" * 31,), "32 bytes, this one 31"),
        ((PUBLIC, "no-port"), "host:port"),
        ((PUBLIC, "127.0.0.1:70000"), "host:port"),
        ((PUBLIC, ":51820"), "host:port"),
        ((PUBLIC, "no.such.name.invalid:1"), "no address for"),
        ((PUBLIC, None, ["10.0.0.0/33"]), "prefix length"),
        ((PUBLIC, None, [], b"x"), "32 bytes, this one 1"),
    ],
)
def test_bad_peers(link: RawLink, arguments: tuple, words: str) -> None:
    with pytest.raises((ValueError, OSError), match=words):
        link.add_peer(*arguments)


def test_bad_calls(link: RawLink) -> None:
    peer = link.add_peer(PUBLIC, None, ["10.9.0.0/24", "fd00::/64"])
    with pytest.raises(ValueError, match="two peers"):
        link.add_peer(PUBLIC)
    port = link.udp(7)
    with pytest.raises(OSError, match="UDP port 7 is in use"):
        link.udp(7)
    with pytest.raises(ValueError, match="1393 bytes, 1392 fit"):
        port.sendto(bytes(1393), (SERVER, 7))
    with pytest.raises(ValueError, match="1373 bytes, 1372 fit"):
        port.sendto(bytes(1373), ("fd00::1", 7))
    with pytest.raises(ValueError, match="not an IP address"):
        port.sendto(b"", ("server", 7))
    with pytest.raises(OSError, match="timed out"):
        port.recvfrom(1)
    with pytest.raises(ValueError, match="MTU is 1420"):
        link.send_packet(bytes(1421))
    assert link.ping(SERVER, timeout_ms=1) is None
    assert peer.failure == "no endpoint is known"
    other = RawLink(KEY, ["10.9.0.9"])
    with pytest.raises(ValueError, match="no address of the family"):
        other.ping("fd00::1")
    taken = other.socket.getsockname()[1]
    with pytest.raises(OSError, match=f"UDP port {taken} cannot be used"):
        RawLink(KEY, [BOARD], taken)
    other.close()


def test_a_provisioned_link(tmp_path: Path) -> None:
    peers = [
        {"public_key": PUBLIC, "endpoint": "127.0.0.1:9", "allowed_ips": ["10.9.0.0/24"]},
    ]
    settings = {"name": "wg7", "address": [f"{BOARD}/24"], "mtu": 1280, "peers": peers}
    key, psk = _wireguard.PrivateKey(KEY), _wireguard.PresharedKey(PSK)
    store.save(config.check(settings), key, [psk], str(tmp_path))
    link = RawLink.provisioned("wg7", str(tmp_path))
    assert link.public_key == key.public_key() and link.mtu == 1280
    assert link.ping(SERVER, timeout_ms=1) is None, "nobody is there"
    assert store.Mark("wg7", str(tmp_path)).load() > 0
    link.close()


def test_a_board_without_clock_must_bring_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 3.0)
    with pytest.raises(OSError, match="the clock is not set"):
        RawLink(KEY, [BOARD])
    kept = []

    class Mark:
        def load(self) -> int:
            return kept[-1] if kept else 0

        def store(self, mark: int) -> None:
            kept.append(mark)

    RawLink(KEY, [BOARD], mark=Mark()).close()


# --- stock firmware ----------------------------------------------------------------------------


@pytest.mark.boards
def test_live_tunnel_of_a_stock_board(server: Peer, tmp_path: Path) -> None:
    """Cortex-M0+ code, lwIP's sockets, the files that mip would bring: RawLink's pings and UDP."""
    folder = tmp_path / "mip"
    assert mip.main([str(folder)]) == 0
    with machines.with_mip(folder / "armv6m.json", tmp_path) as board:
        line = machines.Serial(board.port)
        try:
            line.exec("import sys\nsys.path.append('/lib')\nfrom wireguard.link import RawLink")
            line.exec(f"{PORT_NETWORK.read_text(encoding='utf-8')}\nwait_address()")
            line.exec("class Mark:\n load = lambda s: 0\n store = lambda s, mark: None")
            line.exec(f"link = RawLink({KEY!r}, [{BOARD!r}], mark=Mark())")
            key, psk = server.public_key, base64.b64encode(PSK).decode()
            endpoint = f"10.0.2.2:{server.port}"
            line.exec(f"link.add_peer({key!r}, {endpoint!r}, [{SERVER!r}], {psk!r})")
            assert line.exec(f"print(link.ping({SERVER!r}) is not None)") == "True\n"
            line.exec(f"port = link.udp(7)\nport.sendto(b'x' * 1392, ({SERVER!r}, 5))")
            echo = " data, source = port.recvfrom(9000)\n port.sendto(data, source)"
            # lwIP's sockets keep one datagram that nobody takes: the board has to be at it.
            line.start(f"link.step()\nprint('READY')\nfor _ in range({ECHOES}):\n{echo}")
            steps = server.udp_step(f"{BOARD}:7", 1234, ECHOES, 1200)
            line.finish(30)
            assert steps.acknowledged == ECHOES
            counters = line.exec("print(sum(link.counters.values()))\nlink.close()")
            assert counters == "0\n"
        finally:
            line.close()
