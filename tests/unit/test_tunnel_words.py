# SPDX-License-Identifier: MIT
"""What `wgprov show` says of a peer that is down, and of what was dropped."""

from __future__ import annotations

from wgprov import wgshow

PEER = {
    "public_key": "k",
    "preshared": False,
    "endpoint": None,
    "allowed_ips": [],
    "latest_handshake_s": None,
    "rx_bytes": 0,
    "tx_bytes": 0,
    "persistent_keepalive_s": 0,
}


def text(**interface: object) -> str:
    peers = interface.pop("peers")
    return wgshow.text([{"name": "wg0", "peers": peers, **interface}])


def test_a_peer_that_is_down_says_why_although_another_is_up() -> None:
    words = "DNS: no address for a.example (asked 3 times)"
    shown = text(up=True, peers=[{**PEER, "status": "up"}, {**PEER, "status": words}])
    assert shown.count("status:") == 1
    assert f"  status: {words}\n" in shown


def test_an_interface_that_is_down_says_why() -> None:
    assert "  status: no peers\n" in text(up=False, status="no peers", peers=[])
    assert "  status: off\n" in text(up=False, peers=[])
    shown = text(up=False, status="idle", peers=[{**PEER, "status": "idle"}])
    assert shown.count("status:") == 1, "once is enough"


def test_a_smaller_mtu_than_configured_is_told() -> None:
    assert "  mtu: 1220 (configured: 1420; " in text(
        up=True, mtu=1220, mtu_configured=1420, peers=[]
    )
    assert "mtu" not in text(up=True, mtu=1420, mtu_configured=1420, peers=[])
    assert "mtu" not in text(up=True, peers=[]), "an older board"


def test_drops_are_printed_by_reason_and_only_those_that_were() -> None:
    counters = {"rx_data": 9, "drop_mac1": 2, "staged_dropped": 1, "drop_index": 0}
    shown = text(up=True, counters=counters, peers=[])
    assert "  dropped: mac1 2, staged_dropped 1\n" in shown
    assert "dropped" not in text(up=True, counters={"drop_mac1": 0, "rx_data": 1}, peers=[])
