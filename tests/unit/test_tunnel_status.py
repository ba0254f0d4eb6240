# SPDX-License-Identifier: MIT
"""Why a tunnel is down: each reason has its words, and the words say what to look at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wireguard import status
from wireguard.core import peer as states


def interface(**changes) -> SimpleNamespace:
    """A client as status.py sees it: one peer that has been tried in vain."""
    peer = SimpleNamespace(state=states.FAILED, failure=states.NO_REPLY, last_handshake_ms=None)
    counters = {"drop_mac1": 0}
    wg = SimpleNamespace(
        peers=[peer],
        error=None,
        resolver=SimpleNamespace(failure=lambda _peer: None, counters={"dns_failed": 3}),
        sender=SimpleNamespace(stuck_since_ms=None),
        timestamps=SimpleNamespace(follows_clock=True),
        netif=SimpleNamespace(counters=lambda: dict(counters)),
        tunnel=SimpleNamespace(counters={"cookie_sent": 1}),
        counters={"callback_failed": 2},
        is_up=lambda peer: peer.state == states.UP,
        mac1=counters,
    )
    wg.isconnected = lambda: any(wg.is_up(peer) for peer in wg.peers)
    for name, value in changes.items():
        setattr(peer if hasattr(peer, name) else wg, name, value)
    return wg


def words(wg: SimpleNamespace) -> str:
    assert status.of_peer(wg, wg.peers[0]).startswith(status.of_interface(wg)[:20])
    return status.of_interface(wg)


def test_no_reply_says_what_to_check() -> None:
    said = words(interface())
    for part in ("no reply", "90 s", "address and port", "server's public key", "this board's"):
        assert part in said
    assert "time stamp" not in said and "another public key" not in said


def test_no_reply_of_a_server_that_has_answered_before() -> None:
    said = words(interface(last_handshake_ms=5))
    assert "answered before" in said and "server's public key here" not in said


def test_a_board_without_a_clock_may_be_behind() -> None:
    said = words(interface(timestamps=SimpleNamespace(follows_clock=False)))
    assert "later time stamp" in said and "clock" in said


def test_bad_mac1_means_that_somebody_has_another_key() -> None:
    wg = interface()
    wg.mac1["drop_mac1"] = 4
    assert "another public key" in words(wg)


def test_dns_and_route_come_before_the_peer_s_own_reason() -> None:
    dns = SimpleNamespace(failure=lambda _peer: "DNS: no address for a.example (asked 3 times)")
    assert words(interface(resolver=dns)).startswith("DNS: ")
    stuck = SimpleNamespace(stuck_since_ms=1)
    assert words(interface(resolver=dns, sender=stuck)).startswith("no route to the endpoint")


def test_no_route_is_said_although_the_session_is_still_good() -> None:
    stuck = SimpleNamespace(stuck_since_ms=1)
    assert words(interface(state=states.UP, sender=stuck)).startswith("no route")


@pytest.mark.parametrize(
    "failure",
    [states.NO_ENDPOINT, states.UNDER_LOAD, states.BAD_KEY, states.BAD_REPLY, states.NO_MARK],
)
def test_the_peer_s_own_reason(failure: str) -> None:
    assert words(interface(failure=failure)) == failure


def test_what_is_not_down() -> None:
    assert words(interface(state=states.UP, failure=None)) == "up"
    assert words(interface(state=states.CONNECTING, failure=None)) == "connecting"
    assert words(interface(state=states.IDLE, failure=None)).startswith("idle")
    wg = interface(state=states.UP, failure=None)
    wg.is_up = lambda _peer: False  # the session has expired
    assert words(wg) == status.IDLE


def test_an_error_of_the_callback_is_told() -> None:
    assert status.of_interface(interface(error="MemoryError ")) == "MemoryError "


def test_stats_are_of_all_layers() -> None:
    found = status.stats(interface())
    assert found == {"drop_mac1": 0, "dns_failed": 3, "cookie_sent": 1, "callback_failed": 2}
