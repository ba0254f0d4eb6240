# SPDX-License-Identifier: MIT
"""`make soak`: real time, the emulated board against wireguard-go. Ten minutes each, side by side:
on a clean network no packet is lost at a rekey; on a bad one TCP arrives whole.

WG_SOAK_S changes how long.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from demo import board_script
from demo.rig import HOST, chosen_env, peer_block
from peer.driver import Peer

from tests.hostile.relay import BAD, CLEAN, Bad, Relay
from tests.hostile.targets import ADDRESS, elf, free_port, hand_over
from wgprov.targets.qemu import QemuBoard

SOAK_S = float(os.environ.get("WG_SOAK_S", "610"))
SERVER = "10.7.0.1"
REKEY_S = 120  # paper §6.1
PING_INTERVAL_MS = 20
PINGS_A_TIME = 250
WAIT_MS = 2000
UDP_PORT = 5004
TCP_PORT = 5100  # and up: the last connection's end may be lost, and its port still in use
UDP_PACE = 100
TRANSFER_BYTES = 256 << 10
# After a move the server sends to where nobody is, until the board's next keepalive. Its TCP takes
# the gap for a round trip: seen are retransmission timeouts of 12 s, doubled by each further loss.
TRANSFER_S = 400.0
KEEPALIVE_S = 5  # a client whose address changes all the time is found again by what it sends
MOVE_S = 30.0


Transfer = Callable[["Link", int], tuple[dict[str, Any], dict[str, Any]]]


@dataclass
class Link:
    """A board and a server with a relay between them."""

    board: QemuBoard
    server: Peer
    relay: Relay
    key: str

    def run(self, name: str, call: str, timeout_s: float) -> Any:
        return board_script.run(self.board.port, name, call, timeout_s)

    def script(self, name: str, call: str) -> board_script.BoardScript:
        return board_script.BoardScript(self.board.port, name, call)

    def handshake_at(self) -> float:
        return self.server.stats()[self.key].last_handshake


@contextmanager
def linked(folder: Path, bad: Bad) -> Iterator[Link]:
    outer = free_port()
    forward = f"udp:127.0.0.1:{outer}-:51820"
    with (
        Peer([SERVER], log=folder / "server.log") as server,
        Relay(("127.0.0.1", server.port), bad, seed=7) as relay,
        QemuBoard(chosen_env(), elf(), folder / "flash.img", hostfwd=[forward]) as board,
    ):
        board.wait_prompt()
        conf = folder / "wg0.conf"
        conf.write_text(
            f"[Interface]\nAddress = {ADDRESS}/24\nListenPort = 51820\n"
            f"[Peer]\nPublicKey = {server.public_key}\nEndpoint = {HOST}:{relay.port}\n"
            f"AllowedIPs = {SERVER}/24\nPersistentKeepalive = {KEEPALIVE_S}\n"
        )
        done = hand_over(board, conf)
        assert done.returncode == 0, done.stderr
        peer = peer_block(next(folder.glob("*.server-peer*.conf")).read_text())
        server.add_peer(peer)
        known_at = time.time()
        board_script.run(board.port, "tunnel_state", "again()")
        server.wait_handshake(peer.public_key, known_at, 30)
        yield Link(board, server, relay, peer.public_key)


class Handshakes:
    """Notes when handshakes were made."""

    def __init__(self, link: Link) -> None:
        self.times = [link.handshake_at()]

    def look(self, link: Link) -> None:
        now = link.handshake_at()
        if now != self.times[-1]:
            self.times.append(now)

    @property
    def ages(self) -> list[float]:
        pairs = zip(self.times, self.times[1:], strict=False)
        return [round(after - before, 1) for before, after in pairs]


@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 2 * TRANSFER_S)
def test_no_packet_is_lost_at_a_rekey(tmp_path: Path) -> None:
    """Pings to the board and datagrams from it, all the time; each is sent once."""
    with linked(tmp_path, CLEAN) as link:
        seen, sent, received = Handshakes(link), 0, 0
        count = int(SOAK_S * UDP_PACE)
        link.server.udp_listen(UDP_PORT)
        blast = f"udp_blast({SERVER!r}, {UDP_PORT}, {count}, 300, {UDP_PACE})"
        end = time.monotonic() + SOAK_S
        with link.script("tunnel_udp", blast) as script:
            while time.monotonic() < end:
                done = link.server.ping(
                    ADDRESS, PINGS_A_TIME, interval_ms=PING_INTERVAL_MS, wait_ms=WAIT_MS
                )
                sent += done.sent
                received += done.received
                seen.look(link)
            board = script.result(60)
        got = link.server.udp_count(UDP_PORT, board["sent"])
        text = f"{SOAK_S:.0f} s, handshakes after {seen.ages} s; pings {received}/{sent}; "
        text += f"datagrams {got.distinct}/{board['sent']}, {board['failed']} not sent"
        print(text + f"; relay {dict(link.relay.counts)}")
        assert len(seen.ages) >= min(3, SOAK_S // (REKEY_S + 5))
        assert received == sent
        assert got.distinct == board["sent"] == count


class Mover(threading.Thread):
    """Gives both ends a new address every MOVE_S."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(daemon=True)
        self._relay, self._stop_wanted = relay, threading.Event()

    def run(self) -> None:
        while not self._stop_wanted.wait(MOVE_S):
            self._relay.move()

    def end(self) -> None:
        self._stop_wanted.set()
        self.join()


def up(link: Link, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    link.server.tcp_listen(port)
    try:
        sink = link.server.submit("tcp_sink", TRANSFER_S, port=port)
        call = f"tcp_source({SERVER!r}, {port}, {TRANSFER_BYTES}, {TRANSFER_S})"
        sent = link.run("tunnel_tcp", call, TRANSFER_S)
        return sent, link.server.result(sink, "tcp_sink", TRANSFER_S)
    finally:
        link.server.request("tcp_close", port=port)


def down(link: Link, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    with link.script("tunnel_tcp", f"tcp_sink({port}, {TRANSFER_S})") as script:
        script.wait_ready()
        to = f"{ADDRESS}:{port}"
        sent = link.server.request(
            "tcp_source", TRANSFER_S, connect=to, bytes=TRANSFER_BYTES, seed=time.time_ns()
        )
        return sent, script.result(TRANSFER_S)


def told(link: Link, transfer: Transfer, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The transfer; if it fails, what both ends and the relay know of it."""
    try:
        return transfer(link, port)
    except Exception:
        print(f"\n{transfer.__name__} failed; server {link.server.stats()}")
        print(f"relay {dict(link.relay.counts)}, silent for {link.relay.silences()}")
        print(f"board {link.run('tunnel_state', 'state()', 30)}")
        raise


@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 2 * TRANSFER_S)
def test_tcp_arrives_whole_on_a_bad_network(tmp_path: Path) -> None:
    """5 % lost, 10 % reordered, 2 % corrupted, and each end at a new address every 30 s."""
    with linked(tmp_path, BAD) as link:
        seen, mover = Handshakes(link), Mover(link.relay)
        took: list[str] = []
        ports = itertools.count(TCP_PORT)
        mover.start()
        end = time.monotonic() + SOAK_S
        try:
            while time.monotonic() < end:
                for transfer in (up, down):
                    sent, got = told(link, transfer, next(ports))
                    assert sent["bytes"] == got["bytes"] == TRANSFER_BYTES
                    assert sent["sha256"] == got["sha256"]
                    took.append(f"{transfer.__name__} {max(sent['seconds'], got['seconds']):.0f}")
                    print(took[-1], end=", ", flush=True)
                    seen.look(link)
        finally:
            mover.end()
        counters = link.run("tunnel_state", "state()", 30)["show"]["counters"]
        dropped = {name: n for name, n in counters.items() if n and "drop" in name}
        print(f"seconds each: {len(took)} transfers of {TRANSFER_BYTES} bytes whole")
        print(f"{SOAK_S:.0f} s, handshakes after {seen.ages} s")
        print(f"relay {dict(link.relay.counts)}; board {dropped}")
        assert link.relay.counts["moves"] >= SOAK_S // MOVE_S - 1
        assert len(seen.ages) >= min(3, SOAK_S // (REKEY_S + 10))
