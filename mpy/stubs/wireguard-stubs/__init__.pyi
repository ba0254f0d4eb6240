# SPDX-License-Identifier: MIT
from collections.abc import Callable

from . import client

__version__: str

def WireGuard(name: str = "wg0") -> client.WireGuard:
    """The interface of that name; its configuration came by `wgprov`."""

def autostart() -> None:
    """Bring up every provisioned interface that starts by itself. Never raises."""

def pair(show: Callable[[str], object] = ...) -> None:
    """Ask for a pairing code before anything is provisioned: makes one and hands it to `show`."""

def selftest() -> dict[str, tuple[str, str]]:
    """Test the crypto code again: {primitive: (implementation, result)}."""
