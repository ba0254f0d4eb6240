# SPDX-License-Identifier: MIT
"""A main program that blocks does not stop the tunnel: it answers, and makes a new session."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from demo import steps
from demo.board_script import BoardScript
from demo.rig import BOARD_ADDRESS, SECOND_ADDRESS, Rig, chosen_env

BLOCKED_S = 2.5
SPIN_S = 17

Spinning = tuple[Rig, BoardScript, float]

PROGRAMS = {
    "time.sleep": f"sleep({BLOCKED_S})",
    "busy loop": f"spin({BLOCKED_S})",
    "blocking socket": f"wait_in_socket({BLOCKED_S})",
    "reading the console": f"read_console({BLOCKED_S})",
}


@pytest.fixture(scope="module")
def spinning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spinning]:
    """A board of its own in a busy loop, and the time at which its second server restarted."""
    with Rig(chosen_env(), tmp_path_factory.mktemp("spinning")) as rig:
        steps.provision(rig, steps.quiet)
        rig.wait_second(rig.known_at)
        rig.second.restart()
        restarted = time.time()
        call = f"send_and_spin({SECOND_ADDRESS!r}, {SPIN_S})"
        with rig.script("tunnel_block", call) as script:
            script.wait_ready()
            yield rig, script, restarted


@pytest.mark.usefixtures("spinning")  # its time passes during these
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


def test_idle_prompt_answers(tunnel: Rig) -> None:
    """No script runs here: the board waits for somebody to type."""
    assert tunnel.server.ping(BOARD_ADDRESS).received == 10


def test_blocked_board_starts_a_handshake_by_itself(spinning: Spinning) -> None:
    """Its timer runs under a busy loop: the second server restarts and is found again."""
    rig, script, restarted = spinning
    took_s = rig.wait_second(restarted, SPIN_S + 3)
    script.result(SPIN_S)
    assert 14 < took_s < SPIN_S, f"{took_s:.1f} s: by the protocol 15 s and up to 1/3 s more"
