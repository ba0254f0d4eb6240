# SPDX-License-Identifier: MIT
"""What a person is told: why a tunnel is down, in words, and what `wg show` would print."""

from . import config
from .core import allowedips
from .core import peer as states

NO_ROUTE = "no route to the endpoint: no network interface is up with an address towards it"
IDLE = "idle: no session, the next packet makes one"

# A server says nothing to what it cannot authenticate, so "no reply" has to be told apart by what
# else is known here. Each line ends a sentence that begins with peer.NO_REPLY.
_CHECK_FIRST = (
    ": check the endpoint's address and port, the server's public key here, and this board's public"
    " key there, because a server is silent to a key that it does not know"
)
_CHECK_AGAIN = ": it has answered before; check that it is up, reachable, and still has this key"
_CHECK_CLOCK = (
    "; or the server has seen a later time stamp with this key, then set the board's clock"
)
_CHECK_MAC1 = "; somebody writes to this board with another public key than it has"


def of_interface(wg):
    """Words for the whole interface; it is active."""
    if wg.sender.stuck_since_ms is not None:
        return NO_ROUTE
    if wg.isconnected():
        return "up"
    if wg.error:
        return wg.error
    words = None
    for peer in wg.peers:
        words = why_down(wg, peer)
        if words:
            return words
    if not wg.peers:
        return "no peers"
    connecting = any(peer.state == states.CONNECTING for peer in wg.peers)
    return states.CONNECTING if connecting else IDLE


def of_peer(wg, peer):
    """Words for one peer of an active interface."""
    if wg.is_up(peer) and wg.sender.stuck_since_ms is None:
        return "up"
    words = why_down(wg, peer)
    return words or (states.CONNECTING if peer.state == states.CONNECTING else IDLE)


def why_down(wg, peer):
    """What hinders this peer, in words, or None."""
    if wg.sender.stuck_since_ms is not None:
        return NO_ROUTE
    if wg.is_up(peer):
        return None
    words = wg.resolver.failure(peer)
    if words:
        return words
    if peer.failure == states.NO_REPLY:
        return _no_reply(wg, peer)
    return peer.failure


def _no_reply(wg, peer):
    words = peer.failure
    words += _CHECK_FIRST if peer.last_handshake_ms is None else _CHECK_AGAIN
    if not wg.timestamps.follows_clock:
        words += _CHECK_CLOCK
    if wg.netif.counters()["drop_mac1"]:
        words += _CHECK_MAC1
    return words


def stats(wg):
    """What happened, by name: packets (C), handshakes (core), names (resolver), callbacks."""
    counters = wg.netif.counters()
    for more in (wg.tunnel.counters, wg.resolver.counters, wg.counters):
        for name in more:
            counters[name] = counters.get(name, 0) + more[name]
    return counters


def show(wg):
    """A dict without secrets (docs/PROVISIONING.md)."""
    now_ms = wg.netif.now()
    return {
        "name": wg.name,
        "public_key": config.key_text(wg.tunnel.public_key),
        "listen_port": wg.port,
        "up": wg.isconnected(),
        "mtu": wg.netif.mtu(),
        "mtu_configured": wg.settings["mtu"],
        "status": of_interface(wg),
        "peers": [
            _show_peer(wg, peer, settings, now_ms)
            for peer, settings in zip(wg.peers, wg.settings["peers"])
        ],
        "counters": stats(wg),
    }


def ipconfig(wg, param):
    """WireGuard.ipconfig()."""
    addresses = [config.cidr(text) for text in _settings(wg)["address"]]
    if param == "addr4":
        for raw, bits in addresses:
            if len(raw) == 4:
                return allowedips.format_address(raw), allowedips.format_address(_mask(bits))
        return None
    if param == "addr6":
        v6 = [(raw, bits) for raw, bits in addresses if len(raw) == 16]
        return [(allowedips.format_address(raw), bits) for raw, bits in v6]
    if param in ("dhcp4", "autoconf6"):
        return False
    return config_of(wg, param)


def config_of(wg, param):
    """WireGuard.config()."""
    if param == "name":
        return wg.name
    if param == "public_key":
        wg.need()
        return config.key_text(wg.tunnel.public_key)
    if param == "listen_port" and wg.netif is not None:
        return wg.port
    if param == "mtu" and wg.netif is not None:
        return wg.netif.mtu()  # what is configured, or less where the underlay takes less
    if param in ("mtu", "listen_port", "dns"):
        return _settings(wg)[param]
    raise ValueError("unknown config param")


def _settings(wg):
    if wg.netif is not None:
        return wg.settings
    from . import start

    return start.settings(wg.name)


def _mask(bits):
    return (0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF).to_bytes(4, "big")


def _show_peer(wg, peer, settings, now_ms):
    endpoint = wg.netif.endpoint(peer.id)
    received, sent = wg.netif.transfer(peer.id)
    shaken_ms = peer.last_handshake_ms
    return {
        "public_key": settings["public_key"],
        "preshared": peer.preshared is not None,
        "endpoint": settings["endpoint"] if endpoint is None else endpoint_text(*endpoint),
        "allowed_ips": settings["allowed_ips"],
        "latest_handshake_s": None if shaken_ms is None else (now_ms - shaken_ms) // 1000,
        "rx_bytes": received,
        "tx_bytes": sent,
        "persistent_keepalive_s": settings["persistent_keepalive"],
        "status": of_peer(wg, peer),
    }


def endpoint_text(address, port):
    text = allowedips.format_address(address)
    return ("[%s]:%d" if len(address) == 16 else "%s:%d") % (text, port)
