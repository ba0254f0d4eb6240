# SPDX-License-Identifier: MIT
"""WireGuard as a network interface.

    import wireguard
    wg = wireguard.WireGuard("wg0")   # configuration provisioned over USB by `wgprov`
    wg.active(True)                   # from here every socket reaches the tunnel's addresses

Parts are imported when first used, so that a program that needs only the protocol core does not
pay for the rest.
"""

__version__ = "0.1.0"

_CLIENT = ("WireGuard", "autostart", "reload", "interfaces")


def __getattr__(name):
    if name in _CLIENT:
        from . import client

        return getattr(client, name)
    raise AttributeError(name)
