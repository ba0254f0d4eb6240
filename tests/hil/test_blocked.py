# SPDX-License-Identifier: MIT
"""A main program that blocks does not stop the tunnel: it answers, and makes a new session."""

from __future__ import annotations

import time

import pytest
from demo.rig import BOARD_ADDRESS, SECOND_ADDRESS, Rig

BLOCKED_S = 3

PROGRAMS = {
    "time.sleep": f"sleep({BLOCKED_S})",
    "busy loop": f"spin({BLOCKED_S})",
    "blocking socket": f"wait_in_socket({BLOCKED_S})",
    "reading the console": f"read_console({BLOCKED_S})",
}


@pytest.mark.parametrize("call", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_blocked_board_answers_and_makes_a_new_session(tunnel: Rig, call: str) -> None:
    server = tunnel.server
    endpoint = server.stats()[tunnel.board_key].endpoint
    with tunnel.script("tunnel_block", call) as script:
        script.wait_ready()
        started = time.monotonic()
        assert server.ping(BOARD_ADDRESS, 3).received == 3
        server.restart()  # its sessions are gone: nothing passes before a new handshake
        server.set_endpoint(tunnel.board_key, endpoint)
        assert server.ping(BOARD_ADDRESS).received == 10
        assert time.monotonic() - started < BLOCKED_S, "the program had ended by then"
        blocked_s = script.result(BLOCKED_S + 5)
    assert blocked_s >= BLOCKED_S - 0.1


def test_blocked_board_starts_a_handshake_by_itself(tunnel: Rig) -> None:
    """Its timer runs under a busy loop: the second server restarts and is found again."""
    tunnel.wait_second(after=0)
    tunnel.second.restart()
    restarted = time.time()
    with tunnel.script("tunnel_block", f"send_and_spin({SECOND_ADDRESS!r}, 17)") as script:
        script.wait_ready()
        took_s = tunnel.wait_second(restarted, 20)
        script.result(25)
    assert 14 < took_s < 17, f"{took_s:.1f} s: by the protocol 15 s and up to 1/3 s more"


def test_idle_prompt_answers(tunnel: Rig) -> None:
    """No script runs here: the board waits for somebody to type."""
    assert tunnel.server.ping(BOARD_ADDRESS).received == 10
