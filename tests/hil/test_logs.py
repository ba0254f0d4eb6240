# SPDX-License-Identifier: MIT
"""wgprov logs on an emulated board with a real server: what happens is noted, with its reason."""

from __future__ import annotations

import json
from typing import Any

from demo.rig import BOARD_ADDRESS, INTERFACE, Rig, peer_block

GIVE_UP_MS = 1500
REKEY_ATTEMPT_MS = 90_000


def entries(rig: Rig) -> list[dict[str, Any]]:
    return list(json.loads(rig.wgprov("logs", "--json"))["entries"])


def of_server(rig: Rig) -> list[str]:
    """The events with the first server, oldest first."""
    return [e["event"] for e in entries(rig) if e["peer"] == rig.server.public_key]


def test_a_handshake_and_its_peer(tunnel: Rig) -> None:
    seen = of_server(tunnel)
    assert seen.index("initiation_sent") < seen.index("response_taken")
    said = tunnel.wgprov("logs")
    assert f"{INTERFACE} {tunnel.server.public_key[:8]}… handshake completed" in said
    assert "interface started" in said


def test_a_failed_handshake_says_why(tunnel: Rig) -> None:
    """No server: the words of `wgprov status`, and then the tunnel again."""
    try:
        tunnel.run("tunnel_events", f"give_up_after({GIVE_UP_MS})")
        tunnel.server.stop()
        tunnel.run("tunnel_state", f"again({INTERFACE!r})")
        tunnel.run("tunnel_block", f"sleep({2 * GIVE_UP_MS / 1000})")
        failed = [e for e in entries(tunnel) if e["event"] == "handshake_given_up"]
        assert failed and failed[-1]["detail"].startswith("no reply to the handshake")
    finally:
        tunnel.run("tunnel_events", f"give_up_after({REKEY_ATTEMPT_MS})")
        tunnel.server.start()
    tunnel.run("tunnel_state", f"again({INTERFACE!r})")
    assert tunnel.server.ping(BOARD_ADDRESS, wait_ms=5000).received == 10
    assert "response_taken" in of_server(tunnel)


def test_wiped_keys_and_a_server_that_is_elsewhere(tunnel: Rig) -> None:
    tunnel.run("tunnel_events", f"disconnect({INTERFACE!r})")
    assert "keys_wiped" in of_server(tunnel)
    old, endpoint = tunnel.server.port, tunnel.server.stats()[tunnel.board_key].endpoint
    tunnel.server.stop()
    tunnel.server.port = 0  # any other
    try:
        tunnel.server.start()
        tunnel.server.set_endpoint(tunnel.board_key, endpoint)
        assert tunnel.server.port != old
        assert tunnel.server.ping(BOARD_ADDRESS, wait_ms=5000).received == 10
        moved = [e for e in entries(tunnel) if e["event"] == "endpoint_moved"]
        assert moved and moved[-1]["detail"].endswith(f":{tunnel.server.port}")
    finally:
        tunnel.provision()  # or the next reset would take the board to the old port
    tunnel.wait_handshake(tunnel.known_at)


def test_no_secret_is_in_it(tunnel: Rig) -> None:
    said = tunnel.wgprov("logs", "--json")
    for file in tunnel.peer_files:
        assert str(peer_block(file.read_text()).preshared_key) not in said
    assert tunnel.server.public_key in said
