# SPDX-License-Identifier: MIT
from collections.abc import Callable
from typing import Literal, TypedDict, overload

class _Peer(TypedDict):
    public_key: str
    preshared: bool
    endpoint: str | None
    allowed_ips: list[str]
    latest_handshake_s: int | None
    rx_bytes: int
    tx_bytes: int
    persistent_keepalive_s: int
    status: str

class _Interface(TypedDict):
    name: str
    public_key: str
    listen_port: int
    up: bool
    mtu: int
    mtu_configured: int
    status: str
    peers: list[_Peer]
    counters: dict[str, int]

interfaces: dict[str, WireGuard]
"""The active ones, by name."""

def autostart() -> None:
    """Bring up what is provisioned to start by itself. Never raises."""

def reload(name: str) -> None:
    """Take up a changed configuration: the tunnel starts anew, or ends if there is none."""

class WireGuard:
    """One interface: WireGuard("wg0") is the same object wherever it is called."""

    name: str
    on_up: Callable[[WireGuard], object] | None
    """Called when the first peer has a session, in a scheduled callback: short, no waiting."""
    on_down: Callable[[WireGuard], object] | None
    """Called when the last peer has lost its session."""
    was_up: bool

    def __new__(cls, name: str = "wg0") -> WireGuard: ...
    def __init__(self, name: str = "wg0") -> None: ...
    def active(self, on: bool | None = None) -> bool:
        """Without an argument: is it up? With one: bring it up or down."""

    def connect(self) -> None:
        """Start a handshake with every peer now instead of with the first packet."""

    def disconnect(self) -> None:
        """Forget the sessions; the next packet makes new ones."""

    def isconnected(self) -> bool:
        """Has any peer completed a handshake that is still good?"""

    def is_up(self, peer: object) -> bool:
        """The same of one peer."""

    def status(self, param: object = None) -> str:
        """Words: "off", "up", "connecting", or why the tunnel is down."""

    def stats(self) -> dict[str, int]:
        """{name: count} of everything that happened, each dropped packet by its reason."""

    @overload
    def ipconfig(self, param: Literal["addr4"]) -> tuple[str, str] | None: ...
    @overload
    def ipconfig(self, param: Literal["addr6"]) -> list[tuple[str, int]]: ...
    @overload
    def ipconfig(self, param: Literal["mtu"]) -> int: ...
    @overload
    def ipconfig(self, param: Literal["dhcp4", "autoconf6"]) -> bool: ...
    @overload
    def config(self, param: Literal["mtu", "listen_port"]) -> int: ...
    @overload
    def config(self, param: Literal["dns"]) -> list[str]: ...
    @overload
    def config(self, param: Literal["public_key", "name"]) -> str: ...
    def show(self) -> _Interface:
        """What `wg show` knows, without secrets."""

    async def wait_up(self) -> None:
        """Return when the tunnel is up."""

    async def wait_down(self) -> None:
        """Return when it is down."""
