# SPDX-License-Identifier: MIT
import socket
from collections.abc import Callable, Iterable
from typing import Protocol

from _wireguard import PresharedKey, PrivateKey

class _Mark(Protocol):
    def load(self) -> int: ...
    def store(self, value: int, /) -> None: ...

class _Peer(Protocol):
    id: int
    public_key: bytes
    state: str
    failure: str | None

class RawLink:
    """A tunnel without a network interface, for stock firmware: packets, UDP and pings."""

    mtu: int
    socket: socket.socket
    counters: dict[str, int]

    def __init__(
        self,
        private_key: PrivateKey | str | bytes,
        addresses: Iterable[str],
        listen_port: int = 0,
        mtu: int = 1420,
        mark: _Mark | None = None,
        family: int = ...,
    ) -> None: ...
    @classmethod
    def provisioned(cls, name: str = "wg0", root: str | None = None) -> RawLink:
        """The link of a configuration that `wgprov` or wireguard.store has put on the board."""

    @property
    def public_key(self) -> bytes:
        """Our public key, 32 bytes."""

    def add_peer(
        self,
        public_key: str | bytes,
        endpoint: str | None = None,
        allowed_ips: Iterable[str] = (),
        preshared_key: PresharedKey | str | bytes | None = None,
        keepalive_s: int = 0,
    ) -> _Peer:
        """Let a peer in. endpoint: "host:port", "[v6]:port", or None for one that calls us."""

    def connect(self, peer: _Peer) -> None:
        """Start a handshake now instead of with the first packet."""

    def close(self) -> None:
        """Wipe every key, close the socket. The link cannot be used again."""

    def step(self) -> None:
        """Take what has come, do what is due, send what is ready. Never waits."""

    def timeout_ms(self) -> int | None:
        """How long nothing has to be done unless a datagram comes; None: for ever."""

    def wait(self, is_done: Callable[[], bool], timeout_ms: int | None = None) -> bool:
        """Serve until is_done() is true, and return it; None: without end."""

    async def serve(self) -> None:
        """An asyncio task that keeps the link alive; it ends when it is cancelled."""

    def send_packet(self, packet: bytes) -> None:
        """Send a whole IP packet to the peer whose AllowedIPs cover its target."""

    def recv_packet(self) -> bytes | None:
        """The next packet that is neither a ping nor for a port of udp(), or None."""

    def udp(self, port: int = 0) -> Udp:
        """A UDP port inside the tunnel; 0: any free one."""

    def ping(self, host: str, timeout_ms: int = 3000, size: int = 56) -> int | None:
        """Milliseconds until the echo came back, or None."""

    async def aping(self, host: str, timeout_ms: int = 3000, size: int = 56) -> int | None:
        """ping() for asyncio, beside the task serve()."""

class Udp:
    """A UDP port inside the tunnel: RawLink.udp()."""

    link: RawLink
    port: int

    def __init__(self, link: RawLink, port: int) -> None: ...
    def sendto(self, data: bytes, target: tuple[str, int]) -> int:
        """target: (address as text, port). One datagram, no longer than the MTU allows."""

    def recvfrom(self, timeout_ms: int | None = None) -> tuple[bytes, tuple[str, int]]:
        """(data, (address as text, port)); OSError when none came in time."""

    async def arecvfrom(self) -> tuple[bytes, tuple[str, int]]:
        """recvfrom() for asyncio, beside the task serve()."""

    def close(self) -> None: ...
