# SPDX-License-Identifier: MIT
"""What of the tunnel only an emulated board can show: its wire, its ELF file, other machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from demo import steps
from demo.rig import BOARD_ADDRESS, Rig, chosen_env, firmware
from demo.steps import quiet
from envs import env_params
from peer.driver import Peer

from wgprov.targets.qemu import MACHINES

OTHER_ENVS = sorted(set(MACHINES) - {chosen_env()})
SMOKE_BYTES = 64 << 10


@pytest.mark.parametrize("env", env_params(OTHER_ENVS))
def test_every_other_machine(env: str, tmp_path: Path) -> None:
    """Boot, provision, ping 10 of 10, 64 KiB each way."""
    assert firmware(env).is_file(), f"run `make firmware ENV={env}`"
    with Rig(env, tmp_path) as rig:
        steps.provision(rig, quiet)
        steps.handshake(rig, quiet)
        print(steps.tcp_to_server(rig, SMOKE_BYTES))
        print(steps.tcp_to_board(rig, SMOKE_BYTES))


def test_capture_and_sizes(tunnel: Rig) -> None:
    tunnel.server.ping(BOARD_ADDRESS)
    figures = {figure.label: figure.value for figure in steps.measures(tunnel, quiet)}
    print(figures)
    assert {"capture", "firmware", "module", "one session"} <= set(figures)
    assert tunnel.flash.stat().st_size > 0


def test_a_server_that_knows_the_endpoint_is_back_at_once(tunnel: Rig, server: Peer) -> None:
    """It starts the handshake itself, and the board responds."""
    endpoint = server.stats()[tunnel.board_key].endpoint
    server.restart()
    server.set_endpoint(tunnel.board_key, endpoint)
    taken = tunnel.show()["counters"]["initiation_taken"]
    assert server.ping(BOARD_ADDRESS).received == 10
    assert tunnel.show()["counters"]["initiation_taken"] == taken + 1
