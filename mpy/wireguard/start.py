# SPDX-License-Identifier: MIT
"""What an interface needs for the moment in which it starts: its configuration is read, and put
into C and into the client's object. client.py lets the collector have this module afterwards, and
the store's and the configuration's with it."""

from binascii import a2b_base64

import _wireguard

from . import config, store
from .core import allowedips


def checked(name):
    """The name of an interface; config.Bad, a ValueError, if it cannot be one."""
    return config.name(name)


def names():
    """Of the interfaces that have a configuration in force, sorted."""
    return store.names()


def settings(name):
    """The stored configuration; the keys that come with it are wiped at once."""
    found, private_key, preshared = store.load(name)
    store.wipe_keys(private_key, preshared)
    return found


def interface(wg):
    """Start the interface of client.WireGuard `wg`, or leave nothing of it."""
    found, private_key, preshared = store.load(wg.name)
    try:
        wg.netif = _open(wg, found, private_key, preshared)
    except Exception:
        store.wipe_keys(private_key, preshared)
        raise


def _open(wg, found, private_key, preshared):
    netif = _wireguard.Netif(wg.run)
    try:
        wg.port = netif.open(found["listen_port"])
        wg.build(netif, found, private_key)
        for peer, psk in zip(found["peers"], preshared):
            _add_peer(wg, peer, psk)
        netif.up(found["mtu"])
        for text in found["address"]:
            netif.add_address(*config.cidr(text))
    except Exception:
        netif.close()
        raise
    return netif


def _add_peer(wg, found, preshared):
    peer = wg.tunnel.add_peer(
        a2b_base64(found["public_key"]),
        preshared=preshared,
        allowed_ips=[allowedips.parse_cidr(text) for text in found["allowed_ips"]],
        keepalive_s=found["persistent_keepalive"],
    )
    wg.peers.append(peer)
    if found["endpoint"] is not None:
        wg.resolver.add(peer, *config.endpoint(found["endpoint"]))
