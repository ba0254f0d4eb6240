# SPDX-License-Identifier: MIT
"""The tunnel on any board: `make test` runs this on an emulated one, `wgprov hil` on whatever it is
told to, a board at a cable too (docs/HIL.md). In order: cases share the board and its tunnels.

The steps are those of `make demo`.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from collections.abc import Callable

import pytest
from demo import steps
from demo.figure import Figure, require
from demo.rig import BOARD_ADDRESS, INTERFACE, Rig
from demo.steps import quiet
from peer.driver import Peer

Show = Callable[[list[Figure]], None]

GIVE_UP_MS, REKEY_ATTEMPT_MS = 2000, 90_000
REKEY_TIMEOUT_S = 20.0
KEY_AGE_S = 120.0  # paper §6.1, REKEY_AFTER_TIME
ATTEMPTS = 4


def labels(figures: list[Figure]) -> list[str]:
    return [figure.label for figure in figures]


def test_the_board_makes_its_key(provisioned: list[Figure], show: Show) -> None:
    assert "board's public key" in labels(provisioned)
    show(provisioned)


def test_handshake_and_ping(tunnel: Rig, show: Show) -> None:
    show(steps.handshake(tunnel, quiet))


@pytest.fixture(scope="module")
def second_restarted(tunnel: Rig) -> None:
    """The beginning of the server's restart, whose 15 s pass during the tests that follow."""
    steps.second_restarts(tunnel, quiet)


@pytest.mark.usefixtures("second_restarted")
def test_http_and_tcp(tunnel: Rig, show: Show) -> None:
    show(steps.sockets(tunnel, quiet))


@pytest.mark.parametrize(
    "transfer", [steps.tcp_to_server, steps.tcp_to_board, steps.udp_to_server, steps.udp_to_board]
)
def test_transfers(tunnel: Rig, transfer: Callable[[Rig], Figure], show: Show) -> None:
    show([transfer(tunnel)])


def test_wgprov_show(tunnel: Rig, server: Peer, show: Show) -> None:
    server.ping(BOARD_ADDRESS)
    figures = steps.show(tunnel, quiet)
    wanted = {f"server: {name}" for name in ("endpoint", "latest handshake", "transfer")}
    assert wanted <= set(labels(figures))
    show(figures)


@pytest.mark.usefixtures("second_restarted")
def test_a_server_restarts(tunnel: Rig, show: Show) -> None:
    show([steps.server_restart(tunnel, quiet)])


def test_the_board_resets(tunnel: Rig, show: Show) -> None:
    before = tunnel.board_key
    show([steps.board_reset(tunnel, quiet)])
    assert tunnel.show()["public_key"] == before, "the key is another one after the reset"


def test_new_keys_on_demand(tunnel: Rig, server: Peer, show: Show) -> None:
    """connect() while the tunnel is in use: new keys, and no ping is lost."""
    before = time.time()
    tunnel.run("tunnel_events", f"connect({INTERFACE!r})")
    took_s = tunnel.wait_handshake(before, REKEY_TIMEOUT_S)
    steps.require_answers("after the rekey", steps.ping_board(tunnel, server))
    show([Figure("rekey", f"{took_s:.2f} s after it was asked for", "s", (took_s,))])


@pytest.mark.full
@pytest.mark.timeout(900)
def test_keys_grow_old(tunnel: Rig, server: Peer, show: Show) -> None:
    """After two minutes of the board's time the next packet makes new keys."""
    made = server.stats()[tunnel.board_key].last_handshake
    for _ in range(ATTEMPTS):
        left_s = KEY_AGE_S + 1 - tunnel.key_age_s()
        if left_s <= 0 or server.stats()[tunnel.board_key].last_handshake > made:
            break  # keepalives have made new keys on the way
        tunnel.let_pass(left_s)
    steps.require_answers("board to server", steps.ping_server(tunnel))
    tunnel.wait_handshake(made + 0.001, REKEY_TIMEOUT_S)
    age_s = tunnel.key_age_s()
    require(age_s < KEY_AGE_S, f"the board's keys are {age_s} s old after the rekey")
    steps.require_answers("after the rekey", steps.ping_board(tunnel, server))
    show([Figure("keys", f"new after {KEY_AGE_S:.0f} s")])


def test_a_wrong_server_key_says_why(tunnel: Rig, show: Show) -> None:
    """`wgprov show` names what to check; the right key brings the tunnel back."""
    right = tunnel.server.public_key
    limit_s = GIVE_UP_MS / 1000 * tunnel.patience
    tunnel.server.public_key = b64encode(os.urandom(32)).decode()
    try:
        tunnel.run("tunnel_events", f"give_up_after({GIVE_UP_MS})")
        out = str(tunnel.folder / "wrong.server-peer.conf")
        tunnel.wgprov("provision", "--server-peer-out", out, str(tunnel.write_conf()))
        words = status_within(tunnel, limit_s + REKEY_TIMEOUT_S)
    finally:
        tunnel.server.public_key = right
        tunnel.run("tunnel_events", f"give_up_after({REKEY_ATTEMPT_MS})")
        tunnel.provision()
    assert "no reply" in words and "the server's public key here" in words
    tunnel.wait_handshake(tunnel.known_at)
    show([Figure("wrong server key", words)])


def status_within(rig: Rig, timeout_s: float) -> str:
    """What the board says of its first peer when it has given up."""
    deadline = time.monotonic() + timeout_s
    while True:
        [shown] = json.loads(rig.wgprov("show", "--json"))["interfaces"]
        words = str(shown["peers"][0]["status"])
        if words not in ("connecting", "up") or time.monotonic() > deadline:
            return words
        time.sleep(0.5)


def test_removed_and_provisioned_again(tunnel: Rig, server: Peer, show: Show) -> None:
    """Nothing is left but the mark, which lets the server take the next key's handshakes."""
    old = tunnel.board_key
    tunnel.remove()
    assert json.loads(tunnel.wgprov("show", "--json"))["interfaces"] == []
    assert server.ping(BOARD_ADDRESS, 1, wait_ms=300).received == 0
    tunnel.provision()
    assert tunnel.board_key != old, "the key of before was still there"
    took_s = tunnel.wait_handshake(tunnel.known_at)
    steps.require_answers("after that", steps.ping_board(tunnel, server))
    show([Figure("handshake, provisioned again", f"{took_s:.2f} s", "s", (took_s,))])
