# SPDX-License-Identifier: MIT
"""The seven points of `make demo`, by the functions that the demo itself calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from demo import steps
from demo.rig import BOARD_ADDRESS, Rig, chosen_env, firmware
from demo.steps import quiet
from peer.driver import Peer

from wgprov.targets.qemu import MACHINES

OTHER_ENVS = sorted(set(MACHINES) - {chosen_env()})
SMOKE_BYTES = 64 << 10


def labels(figures: list[steps.Figure]) -> list[str]:
    return [figure.label for figure in figures]


def test_point_1_the_board_makes_its_key(provisioned: list[steps.Figure], rig: Rig) -> None:
    assert "board's public key" in labels(provisioned)
    assert rig.flash.stat().st_size > 0


def test_point_2_handshake_and_ping(tunnel: Rig) -> None:
    assert len(steps.handshake(tunnel, quiet)) == 3


@pytest.fixture(scope="module")
def second_restarted(tunnel: Rig) -> None:
    """The beginning of point 5, whose 15 s pass during the tests that follow."""
    steps.second_restarts(tunnel, quiet)


@pytest.mark.usefixtures("second_restarted")
def test_point_3_http_and_tcp(tunnel: Rig) -> None:
    steps.sockets(tunnel, quiet)


@pytest.mark.parametrize(
    "transfer", [steps.tcp_to_server, steps.tcp_to_board, steps.udp_to_server, steps.udp_to_board]
)
def test_point_4_transfers(tunnel: Rig, transfer: Callable[[Rig], steps.Figure]) -> None:
    print(transfer(tunnel))


@pytest.mark.parametrize("env", OTHER_ENVS)
def test_every_other_machine(env: str, tmp_path: Path) -> None:
    """Boot, provision, ping 10 of 10, 64 KiB each way."""
    assert firmware(env).is_file(), f"run `make firmware ENV={env}`"
    with Rig(env, tmp_path) as rig:
        steps.provision(rig, quiet)
        steps.handshake(rig, quiet)
        print(steps.tcp_to_server(rig, SMOKE_BYTES))
        print(steps.tcp_to_board(rig, SMOKE_BYTES))


def test_point_6_wgprov_show(tunnel: Rig) -> None:
    tunnel.server.ping(BOARD_ADDRESS)
    shown = labels(steps.show(tunnel, quiet))
    wanted = {f"server: {name}" for name in ("endpoint", "latest handshake", "transfer")}
    assert wanted <= set(shown)


def test_point_7_capture_and_sizes(tunnel: Rig) -> None:
    figures = {figure.label: figure.value for figure in steps.measures(tunnel, quiet)}
    print(figures)
    assert {"capture", "firmware", "module", "one session"} <= set(figures)


@pytest.mark.usefixtures("second_restarted")
def test_point_5_the_board_notices_a_server_s_restart(tunnel: Rig) -> None:
    print(steps.server_restart(tunnel, quiet))


def test_point_5_the_board_resets(tunnel: Rig) -> None:
    print(steps.board_reset(tunnel, quiet))


def test_a_server_that_knows_the_endpoint_is_back_at_once(tunnel: Rig, server: Peer) -> None:
    """It starts the handshake itself, and the board responds."""
    endpoint = server.stats()[tunnel.board_key].endpoint
    server.restart()
    server.set_endpoint(tunnel.board_key, endpoint)
    taken = tunnel.show()["counters"]["initiation_taken"]
    assert server.ping(BOARD_ADDRESS).received == 10
    assert tunnel.show()["counters"]["initiation_taken"] == taken + 1
