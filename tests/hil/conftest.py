# SPDX-License-Identifier: MIT
"""One emulated board with a tunnel to two servers for the tests of this folder.

ENV=qemu_an500 make test runs them on another machine.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo import steps
from demo.rig import Rig, chosen_env, firmware
from peer.driver import Peer

from wgprov.targets.qemu import QemuBoard

OUTER_PORT = 51820  # the board's own UDP port for the tunnel


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def elf() -> Path:
    """The firmware under test."""
    env = chosen_env()
    path = firmware(env)
    if not path.is_file():
        pytest.fail(f"{path} is missing: run `make firmware ENV={env}`")
    return path


@pytest.fixture(scope="session")
def outer_port() -> int:
    """The port of 127.0.0.1 that leads to the board's outer socket."""
    return free_udp_port()


@pytest.fixture(scope="session")
def rig(elf: Path, outer_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Servers that run and a board that is off, with a blank flash file."""
    forward = f"udp:127.0.0.1:{outer_port}-:{OUTER_PORT}"
    with Rig(
        chosen_env(),
        tmp_path_factory.mktemp("rig"),
        elf=elf,
        extra=f"ListenPort = {OUTER_PORT}\n",
        hostfwd=[forward],
    ) as made:
        yield made


@pytest.fixture(scope="session")
def provisioned(rig: Rig) -> list[steps.Figure]:
    """The figures of point 1, by which the board has a tunnel from here on."""
    return steps.provision(rig, steps.quiet)


@pytest.fixture(scope="session")
def tunnel(rig: Rig, provisioned: list[steps.Figure]) -> Rig:
    """A board that has completed its first handshake with both servers."""
    rig.wait_handshake(rig.known_at)
    rig.wait_second(rig.known_at)
    return rig


@pytest.fixture
def server(tunnel: Rig) -> Peer:
    return tunnel.server


@pytest.fixture
def board(tunnel: Rig) -> QemuBoard:
    return tunnel.board
