# SPDX-License-Identifier: MIT
"""Each check of the tunnel tests, shown to fail when what it checks is broken.

A part is broken on a board of its own (its frozen Python is patched, a file is removed) or on the
server, never in the sources; the point of the demo that guards it must then not hold.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo import board_script, capture, steps
from demo.figure import PointFailed
from demo.rig import BOARD_ADDRESS, HOST, Rig, chosen_env
from demo.steps import quiet
from peer.driver import PeerError

SHORT_S = 2.0


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Rig]:
    """A board of its own, provisioned, its tunnels up."""
    with Rig(chosen_env(), tmp_path) as rig:
        steps.provision(rig, quiet)
        rig.wait_handshake(rig.known_at)
        rig.wait_second(rig.known_at)
        yield rig


@pytest.fixture(scope="module")
def without_timers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A board that cannot notice that the second server has restarted; it has 16 s to do so."""
    with Rig(chosen_env(), tmp_path_factory.mktemp("timers")) as rig:
        steps.provision(rig, quiet)
        rig.wait_handshake(rig.known_at)
        rig.wait_second(rig.known_at)
        rig.run("tunnel_break", "disable_timers()")
        steps.second_restarts(rig, quiet)
        yield rig


def expect_no_tunnel(rig: Rig, after: float) -> None:
    with pytest.raises(PeerError, match="no handshake in time"):
        rig.wait_handshake(after, SHORT_S)


@pytest.mark.usefixtures("without_timers")  # first, so that its time passes during the others
def test_time_that_goes_back_is_noticed(fresh: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its high-water mark a reset board repeats old time stamps, and the server refuses."""
    monkeypatch.setattr(steps, "RESET_TIMEOUT_S", SHORT_S)
    fresh.run("tunnel_break", "forget_mark()")
    with pytest.raises(PeerError, match="no handshake in time"):
        steps.board_reset(fresh, quiet)
    log = fresh.server_log.read_text()
    assert "handshake replay" in log or "Received invalid initiation" in log, log[-500:]


def test_another_preshared_key_is_noticed(fresh: Rig) -> None:
    key = base64.b64decode(fresh.board_key).hex()
    other = os.urandom(32).hex()
    fresh.server.request("uapi_set", config=f"public_key={key}\npreshared_key={other}\n")
    before = time.time()
    fresh.run("tunnel_state", "again()")
    assert fresh.server.ping(BOARD_ADDRESS, 3, wait_ms=200).received == 0
    assert not fresh.show()["peers"][0]["latest_handshake_s"]
    assert fresh.server.stats()[fresh.board_key].last_handshake < before


@pytest.mark.parametrize("method", ["_take_response", "_write_initiation"])
def test_a_broken_handshake_is_noticed(fresh: Rig, method: str) -> None:
    fresh.run("tunnel_break", f"disable_handshakes({method!r})")
    before = time.time()
    fresh.run("tunnel_state", "again()")
    if method == "_write_initiation":
        expect_no_tunnel(fresh, before)
    assert fresh.server.ping(BOARD_ADDRESS, 3, wait_ms=200).received == 0


def test_a_changed_byte_is_noticed(fresh: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHA-256 is compared, not only the length."""
    original = board_script.source

    def changed(name: str, call: str) -> str:
        return original(name, call).replace("digest.update(part)", "digest.update(part[1:])")

    monkeypatch.setattr(board_script, "source", changed)
    with pytest.raises(PointFailed, match="SHA-256 differs"):
        steps.tcp_to_server(fresh, 10_000)


def test_lost_datagrams_are_noticed(fresh: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    original = board_script.source

    def careless(name: str, call: str) -> str:
        text = original(name, call)
        return text.replace("attempts = send", "attempts = sequence % 20 and send")

    monkeypatch.setattr(board_script, "source", careless)
    with pytest.raises(PointFailed, match="10 of 200 datagrams lost"):
        steps.udp_to_server(fresh, 200)


def test_a_datagram_outside_the_tunnel_is_noticed(fresh: Rig) -> None:
    """Point 7 fails when something that is not WireGuard goes to a server's port."""
    steps.measures(fresh, quiet)
    fresh.run("tunnel_break", f"send_plain({HOST!r}, {fresh.server.port})")
    deadline = time.monotonic() + SHORT_S
    while not capture.count_messages(fresh.capture, fresh.ports)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(PointFailed, match="1 datagrams are not WireGuard"):
        steps.measures(fresh, quiet)


def test_a_secret_on_the_terminal_is_noticed(fresh: Rig) -> None:
    file = fresh.peer_files[0].read_text()
    steps.check_block("nothing secret", file)
    secret = steps.peer_block(file).preshared_key
    with pytest.raises(PointFailed, match="preshared key"):
        steps.check_block(f"PresharedKey = {secret}", file)


def test_a_tunnel_that_is_down_is_noticed(fresh: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PINGS", 2)
    fresh.run("tunnel_break", "down()")
    with pytest.raises(PointFailed, match="server to board: 0 of 2"):
        steps.handshake(fresh, quiet)


def test_timers_that_never_fire_are_noticed(
    without_timers: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The point of the server's restart waits for the board's own timer."""
    monkeypatch.setattr(steps, "RESTART_TIMEOUT_S", 16.0)
    with pytest.raises(PeerError, match="no handshake in time"):
        steps.server_restart(without_timers, quiet)
