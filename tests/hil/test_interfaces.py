# SPDX-License-Identifier: MIT
"""Two interfaces on one board, and what a program is told when tunnel or underlay come and go."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from demo import board_script
from demo.rig import chosen_env, firmware
from peer.driver import Peer, PeerConfig

import _wireguard
from wgprov.targets.qemu import HOST_ADDRESS, QemuBoard
from wireguard.core import messages

NAMES = ("wg0", "wg1")
NETS = ("10.7.0", "10.8.0")  # .1 is the server, .2 the board
LISTEN_PORT = 51820
FLOOD_PER_S = 2000
WGPROV = Path(sys.executable).parent / "wgprov"


@dataclass
class Bench:
    """A board and one server for each of its interfaces."""

    board: QemuBoard
    servers: list[Peer]
    keys: list[str]
    folder: Path
    outer_port: int  # of this machine, leads to wg0's

    def run(self, call: str, timeout_s: float = 30.0) -> Any:
        return board_script.run(self.board.port, "tunnel_events", call, timeout_s)

    def wait(self, is_so: Callable[[], bool], timeout_s: float = 15.0) -> float:
        """Seconds until it is so."""
        start = time.monotonic()
        while not is_so():
            assert time.monotonic() - start < timeout_s, f"not within {timeout_s} s"
            time.sleep(0.1)
        return time.monotonic() - start

    def status(self, name: str) -> str:
        return str(self.run(f"status({name!r})"))

    def wait_up(self, name: str, timeout_s: float = 15.0) -> float:
        return self.wait(lambda: self.status(name) == "up", timeout_s)

    def wgprov(self, *arguments: str) -> str:
        command = [str(WGPROV), arguments[0], "-p", self.board.port, *arguments[1:]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def provision(self, name: str, conf: str) -> str:
        """Provision the board; its public key."""
        file = self.folder / f"{name}.conf"
        file.write_text(conf)
        return str(
            json.loads(self.wgprov("provision", str(file), "--psk", "none", "--json"))["public_key"]
        )


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def conf(net: str, server: Peer, endpoint: str | None = None, more: str = "") -> str:
    return f"""[Interface]
Address = {net}.2/24
DNS = 10.7.0.53
{more}
[Peer]
PublicKey = {server.public_key}
Endpoint = {endpoint or f"{HOST_ADDRESS}:{server.port}"}
AllowedIPs = {net}.0/24
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder, env, port = tmp_path_factory.mktemp("interfaces"), chosen_env(), closed_port()
    with (
        Peer([f"{NETS[0]}.1"], log=folder / "a.log") as a,
        Peer([f"{NETS[1]}.1"], log=folder / "b.log") as b,
        QemuBoard(
            env,
            firmware(env),
            folder / "flash",
            pcap=folder / "wire.pcap",
            hostfwd=[f"udp:127.0.0.1:{port}-:{LISTEN_PORT}"],
        ) as board,
    ):
        board.wait_prompt()
        made = Bench(board, [a, b], [], folder, port)
        for name, net, server in zip(NAMES, NETS, made.servers, strict=True):
            more = f"ListenPort = {LISTEN_PORT}" if name == "wg0" else ""
            key = made.provision(name, conf(net, server, more=more))
            made.keys.append(key)
            server.add_peer(PeerConfig(key, [f"{net}.2/32"]))
            made.run(f"active({name!r}, False)")
            made.run(f"active({name!r}, True)")
            made.wait_up(name)
        yield made


def test_both_interfaces_answer_at_once(bench: Bench) -> None:
    pings = [
        server.submit("ping", address=f"{net}.2", count=10)
        for server, net in zip(bench.servers, NETS, strict=True)
    ]
    assert [ping.result()["received"] for ping in pings] == [10, 10]
    assert bench.keys[0] != bench.keys[1]


def test_wgprov_show_prints_both(bench: Bench) -> None:
    shown = bench.wgprov("show")
    for name, key in zip(NAMES, bench.keys, strict=True):
        assert f"interface: {name}\n  public key: {key}\n" in shown
    assert shown.count("latest handshake: ") == 2
    assert "status:" not in shown, "nothing to explain"


def test_one_goes_down_and_the_other_does_not_notice(bench: Bench) -> None:
    bench.run("watch('wg0', 'wg1')")
    assert bench.run("active('wg1', False)") == "off"
    assert bench.servers[0].ping(f"{NETS[0]}.2").received == 10
    assert bench.servers[1].ping(f"{NETS[1]}.2", 2, wait_ms=200).received == 0
    assert bench.run("take_seen()") == ["wg1 down"]
    bench.run("active('wg1', True)")
    bench.wait_up("wg1")
    assert bench.servers[1].ping(f"{NETS[1]}.2").received == 10
    assert bench.run("take_seen()") == ["wg1 up"]
    bench.run("unwatch('wg0', 'wg1')")


def test_what_a_callback_raises_harms_nothing(bench: Bench) -> None:
    bench.run("bad_callback('wg1')")
    assert bench.run("active('wg1', False)") == "off"
    bench.run("unwatch('wg1')")
    bench.run("active('wg1', True)")
    bench.wait_up("wg1")


def test_asyncio_waits_for_both(bench: Bench) -> None:
    order = bench.run("wait_both_ways('wg1', 12)")
    assert sorted(order[:2]) == ["down 1", "down 2"]
    assert sorted(order[2:]) == ["up 1", "up 2"]


def test_stats_count_a_drop_by_its_reason_and_on_one_interface(bench: Bench) -> None:
    before = [bench.run(f"stats({name!r})") for name in NAMES]
    for name in ("drop_mac1", "drop_index", "response_forged", "dns_failed", "staged_dropped"):
        assert before[0][name] == 0
    assert before[0]["response_taken"] >= 1
    # A packet for an address of no peer: the board's own socket finds no way.
    send = "__import__('socket').socket(2, 2).sendto(b'x', ('10.7.0.77', 9))"
    bench.run(send)
    after = [bench.run(f"stats({name!r})") for name in NAMES]
    assert after[0]["tx_data"] == before[0]["tx_data"] + 1
    assert after[1]["tx_data"] == before[1]["tx_data"]


def test_a_look_that_finds_nothing_to_do_takes_little_heap(bench: Bench) -> None:
    """Each datagram of a flood of handshake messages makes the board look."""
    taken = board_script.run(bench.board.port, "tunnel_flood", "idle_pass_bytes()")
    print("heap for one pass:", taken, "bytes")
    assert taken <= 200


class Flood(threading.Thread):
    """Initiations whose mac1 is good and nothing else, as fast as the issue asks for."""

    def __init__(self, public_key: str, port: int) -> None:
        super().__init__(daemon=True)
        body = messages.pack_initiation(7, bytes(32), bytes(48), bytes(28))
        key = _wireguard.blake2s(b"mac1----" + base64.b64decode(public_key))
        self.message = body + _wireguard.blake2s(body, key, 16) + bytes(16)
        self.target = ("127.0.0.1", port)
        self.sent = 0
        self.stop = threading.Event()

    def run(self) -> None:
        start = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while not self.stop.wait(0.005):
                while self.sent < (time.monotonic() - start) * FLOOD_PER_S:
                    sock.sendto(self.message, self.target)
                    self.sent += 1


def test_a_flood_leaves_the_program_half_of_its_time(bench: Bench) -> None:
    def spin() -> int:
        with board_script.BoardScript(bench.board.port, "tunnel_flood", "spin(3000)") as script:
            script.wait_ready()
            assert bench.servers[0].ping(f"{NETS[0]}.2", 3).received == 3
            return int(script.result(10))

    calm = spin()
    flood = Flood(bench.keys[0], bench.outer_port)
    flood.start()
    try:
        flooded = spin()
    finally:
        flood.stop.set()
        flood.join(2)
    stats = bench.run("stats('wg0')")
    print(f"{flooded / calm:.0%} of the loops, {flood.sent} sent, {stats['cookie_sent']} cookies")
    assert stats["cookie_sent"] > 100, "the flood has arrived"
    assert flooded > 0.35 * calm


def test_underlay_goes_and_comes_back(bench: Bench) -> None:
    """The cable is out for longer than a handshake waits: the words, and then new handshakes."""
    bench.run("watch('wg0')")
    bench.run("underlay(False)")
    bench.run("connect('wg0')")
    bench.run("active('wg0', False)")
    bench.run("active('wg0', True)")
    bench.wait(lambda: bench.status("wg0").startswith("no route to the endpoint"), 5)
    time.sleep(6)  # the matter itself: REKEY_TIMEOUT, 5 s, has to pass without an underlay
    assert "no route to the endpoint" in bench.wgprov("show", "wg0")
    bench.run("underlay(True)")
    took_s = bench.wait_up("wg0", 10)
    assert bench.servers[0].ping(f"{NETS[0]}.2").received == 10
    assert bench.run("take_seen()") == ["wg0 down", "wg0 up"]
    bench.run("unwatch('wg0')")
    print(f"up {took_s:.1f} s after the underlay")


def test_underlay_gets_another_address(bench: Bench) -> None:
    """As after a lease of another network: the tunnel goes on, from the new address."""
    bench.wait_up("wg0")
    assert bench.run("renumber('10.0.2.77', '255.255.255.0', '10.0.2.2')")[0] == "10.0.2.77"
    try:
        # No program on the board sends anything: the tunnel itself tells the server where it is.
        bench.wait(lambda: bench.servers[0].ping(f"{NETS[0]}.2", 2, wait_ms=300).received == 2)
    finally:
        bench.run("number_by_dhcp()")
    bench.wait(lambda: bench.servers[0].ping(f"{NETS[0]}.2", 2, wait_ms=300).received == 2)


REASONS = {
    "nobody there": (
        lambda bench: conf(NETS[1], bench.servers[1], f"{HOST_ADDRESS}:{closed_port()}"),
        "no reply to the handshake",
        "a server is silent to a key that it does not know",
    ),
    "wrong server key": (
        lambda bench: conf(NETS[1], bench.servers[1]).replace(
            bench.servers[1].public_key, bench.keys[0]
        ),
        "no reply to the handshake",
        "the server's public key here",
    ),
    "no such name": (
        lambda bench: conf(NETS[1], bench.servers[1], "no.such.name.invalid:51820"),
        "DNS: no address for no.such.name.invalid",
        "asked ",
    ),
}


@pytest.mark.parametrize("reason", REASONS)
def test_why_it_is_down_in_words(bench: Bench, reason: str) -> None:
    make, words, more = REASONS[reason]
    bench.run("give_up_after(4000)")
    try:
        bench.run("watch('wg1')")
        bench.provision("wg1", make(bench))
        bench.wait(lambda: bench.status("wg1").startswith(words), 20)
        shown = bench.wgprov("show", "wg1")
        assert f"  status: {words}" in shown and more in shown
        # The tunnel that wgprov restarts is still the program's own.
        assert bench.run("take_seen()") == (["wg1 down"] if reason == "nobody there" else [])
        assert bench.servers[0].ping(f"{NETS[0]}.2").received == 10
    finally:
        bench.run("give_up_after(90000)")


def test_a_tunnel_for_everything_asks_for_its_endpoint_outside_of_itself(bench: Bench) -> None:
    """With 0.0.0.0/0 the question would else wait for the session that needs the answer."""
    everything = conf(NETS[1], bench.servers[1], "outside.example.invalid:51820")
    everything = everything.replace(f"AllowedIPs = {NETS[1]}.0/24", "AllowedIPs = 0.0.0.0/0")
    bench.run("use_dns('192.0.2.53')")
    try:
        bench.provision("wg1", everything)
        # Destination, any source port, destination port 53; then the name as DNS writes it.
        asked = re.compile(rb"\xc0\x00\x02\x35..\x00\x35.{4,40}\x07outside\x07example", re.DOTALL)
        wire = bench.folder / "wire.pcap"
        bench.wait(lambda: asked.search(wire.read_bytes()) is not None, 20)
    finally:
        bench.run("use_dns('10.0.2.3')")
        bench.run("active('wg1', False)")
