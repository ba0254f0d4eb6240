# SPDX-License-Identifier: MIT
"""WireGuard as a network interface.

    import wireguard
    wg = wireguard.WireGuard("wg0")   # configuration provisioned over USB by `wgprov`
    wg.active(True)                   # from here every socket reaches the tunnel's addresses

The client is imported when first used: a program that needs only the protocol core, or only the
provisioning agent, does not pay for the rest.
"""

__version__ = "0.1.0"


def WireGuard(name="wg0"):
    """The interface of that name: client.WireGuard."""
    from .client import WireGuard

    return WireGuard(name)


def autostart():
    """Bring up every provisioned interface that starts by itself. Never raises.

    A board that has none keeps the 10 KB of heap that the client takes.
    """
    import os

    try:
        if not os.listdir("/wireguard.d"):  # mark.ROOT
            return
    except OSError:  # never provisioned, or no flash
        return
    try:
        from .client import autostart

        autostart()
    except Exception as error:  # no memory for the client: the board must come to its prompt
        print("wireguard: %s %s" % (type(error).__name__, error))


def pair(show=print):
    """Ask for a pairing code before anything is provisioned: makes one and hands it to `show`.

    For a cable that is not trusted. The code is good for one conversation with wgprov
    (`--pairing-code`), until the next reset: docs/PROVISIONING.md, "Pairing".
    """
    from .pairing import new

    new(show)


def selftest():
    """Test the crypto code again: {primitive: (implementation, result)}.

    The result is "passed"; "replaced": a tuned core was wrong, the generic one runs; or "failed",
    after which nothing may be used. An accelerator's is "used", "declined", or "refused": wrong.
    """
    import _wireguard

    return {name: (core, result) for name, core, result in _wireguard.selftest_report()}
