# SPDX-License-Identifier: MIT
"""What the cases are run against here: an emulated board with its real firmware, and wireguard-go,
the control. Both know two clients of ours: one with a preshared key, one without."""

from __future__ import annotations

import base64
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import board_script
from demo.rig import HOST, chosen_env, firmware, peer_block
from peer.driver import Peer, PeerConfig

from tests.hostile import noise
from tests.hostile.endpoint import Identity, Target, new_socket
from tests.hostile.wire import GUEST, Wire, WireBoard
from tests.hostile.world import World
from wgprov.targets.qemu import QemuBoard

ADDRESS = "10.7.0.2"
OURS = ("10.9.0.1", "10.9.0.2")
OUTER_PORT = 51820
LOOPBACK = "127.0.0.1"
WGPROV = Path(sys.executable).with_name("wgprov")
WGPROV_TIMEOUT_S = 60


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def identities() -> list[Identity]:
    return [
        Identity(noise.new_private(), OURS[0], os.urandom(32)),
        Identity(noise.new_private(), OURS[1]),
    ]


def free_port() -> int:
    with new_socket() as probe:
        return int(probe.getsockname()[1])


@contextmanager
def wireguard_go(folder: Path) -> Iterator[World]:
    """The control."""
    mine = identities()
    with Peer([ADDRESS], log=folder / "control.log") as server:

        def add(number: int, endpoint: str = "") -> None:
            who = mine[number]
            psk = text(who.psk) if who.psk != noise.NO_PSK else None
            server.add_peer(PeerConfig(text(who.public), [f"{who.address}/32"], psk, endpoint))

        def poke(address: str) -> None:
            server.ping(address, 1, wait_ms=1)

        def restart(number: int, port: int) -> None:
            server.remove_peer(text(mine[number].public))
            add(number, f"{LOOPBACK}:{port}")
            poke(mine[number].address)

        for number in range(len(mine)):
            add(number)
        target = Target(LOOPBACK, server.port, base64.b64decode(server.public_key), ADDRESS)
        sockets = [new_socket() for _ in mine]
        yield World(target, mine, sockets, restart=restart, poke=poke)
        close(sockets)


def close(sockets: list[Any]) -> None:
    for sock in sockets:
        sock.close()


@dataclass
class Board:
    """A board that knows our identities, and what it is like from inside."""

    qemu: QemuBoard
    public: bytes
    outer: tuple[str, int]
    identities: list[Identity]
    sockets: list[Any]
    new_socket: Callable[[], Any] = new_socket
    wire: Wire | None = None

    def run(self, name: str, call: str, timeout_s: float = 30.0) -> Any:
        return board_script.run(self.qemu.port, name, call, timeout_s)

    def show(self) -> dict[str, Any]:
        return dict(self.run("tunnel_state", "state()")["show"] or {})

    def counters(self) -> dict[str, int]:
        return dict(self.show()["counters"])

    def restart(self, _number: int, _port: int) -> None:
        """All peers at once; their endpoints are those of the configuration again."""
        self.run("tunnel_state", "again()")

    def poke(self, address: str) -> None:
        self.run("tunnel_ping", f"ping({address!r}, 1, 56, 0, 1)")

    def world(self) -> World:
        return World(
            Target(*self.outer, self.public, ADDRESS),
            self.identities,
            self.sockets,
            restart=self.restart,
            poke=self.poke,
            counters=self.counters,
            new_socket=self.new_socket,
        )


def configuration(mine: list[Identity], ports: list[int]) -> str:
    lines = ["[Interface]", f"Address = {ADDRESS}/24", f"ListenPort = {OUTER_PORT}"]
    for who, port in zip(mine, ports, strict=True):
        lines += ["[Peer]", f"PublicKey = {text(who.public)}", f"AllowedIPs = {who.address}/32"]
        lines += [f"Endpoint = {HOST}:{port}"]
        if who.psk != noise.NO_PSK:
            lines += [f"PresharedKey = {text(who.psk)}"]
    return "\n".join(lines) + "\n"


def hand_over(qemu: QemuBoard, conf: Path) -> subprocess.CompletedProcess[str]:
    """wgprov provision, as a person runs it."""
    block = conf.with_suffix(".server-peer.conf")
    command = [str(WGPROV), "provision", "-p", qemu.port, "--server-peer-out", str(block)]
    return subprocess.run(
        [*command, str(conf)], capture_output=True, text=True, timeout=WGPROV_TIMEOUT_S, check=False
    )


def provision(qemu: QemuBoard, conf: Path) -> bytes:
    """Hand the file to the board; the board's public key."""
    done = hand_over(qemu, conf)
    assert done.returncode == 0, done.stderr
    written = sorted(conf.parent.glob(conf.stem + ".server-peer*.conf"))[0]
    return base64.b64decode(peer_block(written.read_text()).public_key)


def elf(env: str = "") -> Path:
    """The firmware under test; WG_TEST_ELF names another one, such as one broken on purpose."""
    if env:
        return firmware(env)
    return Path(os.environ.get("WG_TEST_ELF") or firmware(chosen_env()))


@contextmanager
def board(folder: Path, env: str = "", **options: Any) -> Iterator[Board]:
    """The emulated board behind a port of loopback.  options: more of QemuBoard's."""
    outer = LOOPBACK, free_port()
    forward = f"udp:{LOOPBACK}:{outer[1]}-:{OUTER_PORT}"
    sockets = [new_socket() for _ in OURS]
    flash = folder / "flash.img"
    with QemuBoard(env or chosen_env(), elf(env), flash, hostfwd=[forward], **options) as qemu:
        yield made_ready(folder, qemu, outer, sockets)
    close(sockets)


@contextmanager
def wire_board(folder: Path, **options: Any) -> Iterator[Board]:
    """The emulated board on a wire of ours; strangers come from addresses far away."""
    numbers = itertools.count(1)
    flash = folder / "flash.img"
    with Wire(folder) as wire, WireBoard(wire, chosen_env(), elf(), flash, **options) as qemu:
        sockets = [wire.socket() for _ in OURS]
        made = made_ready(folder, qemu, (GUEST, OUTER_PORT), sockets)
        made.wire = wire
        made.new_socket = lambda: wire.socket(f"198.51.100.{next(numbers) % 250 + 1}")
        yield made


def made_ready(folder: Path, qemu: QemuBoard, outer: tuple[str, int], sockets: list[Any]) -> Board:
    """Provisioned with two clients at these sockets."""
    qemu.wait_prompt()
    mine, conf = identities(), folder / "wg0.conf"
    conf.write_text(configuration(mine, [sock.getsockname()[1] for sock in sockets]))
    return Board(qemu, provision(qemu, conf), outer, mine, sockets)
