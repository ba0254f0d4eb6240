# SPDX-License-Identifier: MIT
"""An emulated board on a wire of ours with many peers, all of them played by this process, so that
every byte outside and inside the tunnel can be chosen and seen."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from demo import board_script, lwip_memory
from demo.rig import HOST, chosen_env

from tests.hostile import noise
from tests.hostile.endpoint import Endpoint, Identity, Session, Target
from tests.hostile.targets import OUTER_PORT, Board, elf, provision, text
from tests.hostile.wire import GUEST, UDP, Wire, WireBoard
from tests.hostile.world import World

BOARD4, BOARD6 = "10.7.0.2", "fd07::2"
PEERS = 16  # config.PEERS_MAX
WIDE = "10.8.0.0/16"  # also routed to peer 1
INSIDE_WIDE = "10.8.9.9/32"  # to peer 2, inside the former
UNROUTED = "10.7.0.99"  # in the interface's own network, and in nobody's AllowedIPs
UNROUTED6 = "fd07::99"


class Outer(NamedTuple):
    """One UDP datagram of the board's, as it was on the wire."""

    tos: int
    source: str
    to: tuple[str, int]
    data: bytes
    ip_bytes: int


class TosWire(Wire):
    """`seen` are the board's datagrams; what is sent to it carries `tos`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tos = 0
        self.seen: list[Outer] = []

    def send_frame(self, kind: int, body: bytes, to: bytes | None = None) -> None:
        if self.tos and kind == 0x0800:
            body = with_tos(body, self.tos)
        super().send_frame(kind, body, to)

    def _take_ip(self, packet: bytes) -> None:
        head, size = 4 * (packet[0] & 15), struct.unpack_from("!H", packet, 2)[0]
        if packet[9] == UDP:
            port = struct.unpack_from("!H", packet, head + 2)[0]
            source, to = socket.inet_ntoa(packet[12:16]), (socket.inet_ntoa(packet[16:20]), port)
            self.seen.append(Outer(packet[1], source, to, packet[head + 8 : size], size))
        super()._take_ip(packet)


def with_tos(packet: bytes, tos: int) -> bytes:
    """The same IPv4 packet with another TOS; the checksum by RFC 1624."""
    old, total = struct.unpack_from("!H", packet)[0], struct.unpack_from("!H", packet, 10)[0]
    new = old & 0xFF00 | tos
    summed = (~total & 0xFFFF) + (~old & 0xFFFF) + new
    summed = (summed & 0xFFFF) + (summed >> 16)
    summed = ~((summed & 0xFFFF) + (summed >> 16)) & 0xFFFF
    return struct.pack("!H", new) + packet[2:10] + struct.pack("!H", summed) + packet[12:]


def identity(number: int) -> Identity:
    return Identity(noise.new_private(), f"10.9.0.{number + 1}")


def inside6(number: int) -> str:
    return f"fd09::{number + 1}"


def configuration(mine: list[Identity], sockets: list[Any], everything: bool = False) -> str:
    lines = ["[Interface]", f"Address = {BOARD4}/24, {BOARD6}/64", f"ListenPort = {OUTER_PORT}"]
    more = {1: f", {WIDE}", 2: f", {INSIDE_WIDE}"}
    for number, (who, sock) in enumerate(zip(mine, sockets, strict=True)):
        lines += ["[Peer]", f"PublicKey = {text(who.public)}"]
        allowed = f"{who.address}/32, {inside6(number)}/128" + more.get(number, "")
        if everything:
            allowed = "0.0.0.0/0, ::/0"
        lines += [f"AllowedIPs = {allowed}", f"Endpoint = {HOST}:{sock.getsockname()[1]}"]
    return "\n".join(lines) + "\n"


class NetBoard(Board):
    """Board with a wire on which TOS is seen."""

    wire: TosWire

    def script(self, name: str, call: str) -> board_script.BoardScript:
        return board_script.BoardScript(self.qemu.port, name, call)

    def ask(self, call: str, timeout_s: float = 30.0) -> Any:
        return self.run("netif_probe", call, timeout_s)

    def memory(self) -> dict[str, int]:
        """Free elements by pool of lwIP, bytes in use of its heap and of Python's."""
        return lwip_memory.memory(self)  # type: ignore[arg-type]  # it has what a Rig has

    @property
    def elf(self) -> Path:
        return self.qemu.elf

    def reasons(self) -> dict[str, int]:
        return dict(self.ask("counters()"))

    def client(self, number: int = 0) -> Endpoint:
        target = Target(*self.outer, self.public, BOARD4)
        made = Endpoint(target, self.identities[number], self.sockets[number])
        made.drain()
        return made

    def connected(self, number: int = 0) -> tuple[Endpoint, Session]:
        """A client whose session the board sends on, with nothing left on its way."""
        client = self.client(number)
        session = client.handshake()
        World.check_alive(self.world(), client, session)
        client.drain()
        return client, session


class Wired(WireBoard):
    """WireBoard with more arguments of QEMU's."""

    def __init__(self, more: Sequence[str], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._more = list(more)

    def arguments(self) -> list[str]:
        return super().arguments() + self._more


@contextmanager
def net_board(
    folder: Path,
    peers: int = PEERS,
    everything: bool = False,
    more: Sequence[str] = (),
    **options: Any,
) -> Iterator[NetBoard]:
    """everything: the only peer's AllowedIPs are 0.0.0.0/0 and ::/0.  more: arguments of QEMU's."""
    flash, conf = folder / "flash.img", folder / "wg0.conf"
    with TosWire(folder) as wire, Wired(more, wire, chosen_env(), elf(), flash, **options) as qemu:
        qemu.wait_prompt()
        mine, sockets = [identity(i) for i in range(peers)], [wire.socket() for _ in range(peers)]
        conf.write_text(configuration(mine, sockets, everything))
        public = provision(qemu, conf)
        board = NetBoard(qemu, public, (GUEST, OUTER_PORT), mine, sockets, wire=wire)
        yield board
