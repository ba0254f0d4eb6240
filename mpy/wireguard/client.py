# SPDX-License-Identifier: MIT
"""WireGuard("wg0"): a network interface with MicroPython's AbstractNIC methods.

The configuration and the keys come from the store (wgprov puts them there). Handshakes run in a
scheduled callback that C asks for when a message waits or a deadline is due, so the tunnel lives
while the program sleeps, blocks in a socket or sits at the REPL.
"""

import time
from binascii import a2b_base64, b2a_base64

import _wireguard

from . import config, store
from .core import allowedips
from .core.peer import CONNECTING
from .core.tai64n import Timestamps
from .core.tunnel import Tunnel
from .resolver import Resolver

NO_UNDERLAY_RETRY_MIN_MS = 250
NO_UNDERLAY_RETRY_MAX_MS = 5000
AFTER_ERROR_RETRY_MS = 1000

# Unix seconds at the board's own epoch: 1970 or 2000, by port.
_EPOCH_S = 946684800 if time.gmtime(0)[0] == 2000 else 0

interfaces = {}  # active ones by name


def autostart():
    """Bring up what is provisioned to start by itself. Never raises: boot must go on."""
    for name in store.names():
        try:
            if name not in interfaces and _settings(name)["autostart"]:
                WireGuard(name).active(True)
        except Exception as error:
            print("wireguard: %s: %s %s" % (name, type(error).__name__, error))


def reload(name):
    """Take up a changed configuration: the tunnel starts anew, or ends if there is none."""
    running = interfaces.get(name)
    if running:
        running.active(False)
    if name in store.names():
        WireGuard(name).active(True)


class WireGuard:
    """One interface. Objects with the same name share the running interface."""

    def __new__(cls, name="wg0"):
        return interfaces.get(name) or super().__new__(cls)

    def __init__(self, name="wg0"):
        if interfaces.get(name) is self:
            return
        self.name = config.name(name)
        self._netif = None

    # AbstractNIC.

    def active(self, on=None):
        """Without an argument: is it up? With one: bring it up or down."""
        if on is not None and bool(on) != self.active():
            if on:
                self._start()
            else:
                self._stop()
        return self._netif is not None

    def connect(self):
        """Start a handshake with every peer now instead of with the first packet."""
        self._need()
        # Only the scheduled callback touches the tunnel: it may interrupt us between two bytecodes.
        self._connect_wanted = True
        self._netif.wake_at(self._netif.now())

    def disconnect(self):
        """Forget the sessions; the next packet makes new ones."""
        self._need()
        for peer in self._peers:
            self._netif.wipe(peer.id)

    def isconnected(self):
        """Has any peer completed a handshake that is still good?"""
        if self._netif is None:
            return False
        return any(self._is_up(peer) for peer in self._peers)

    def status(self, param=None):
        """Words: "off", "up", "connecting", or why the tunnel is down."""
        if self._netif is None:
            return "off"
        if self.isconnected():
            return "up"
        if self._error:
            return self._error
        for peer in self._peers:
            words = self._why_down(peer)
            if words:
                return words
        return CONNECTING if self._peers else "no peers"

    def ipconfig(self, param):
        """ipconfig("addr4") -> (address, mask); "addr6" -> list; "mtu". Set by provisioning."""
        addresses = [config.cidr(text) for text in self._loaded()["address"]]
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
        return self.config(param)

    def config(self, param):
        """config("mtu" | "listen_port" | "public_key" | "name")."""
        if param == "name":
            return self.name
        if param == "public_key":
            self._need()
            return _base64(self._tunnel.public_key)
        if param == "listen_port" and self._netif is not None:
            return self._port
        if param in ("mtu", "listen_port"):
            return self._loaded()[param]
        raise ValueError("unknown config param")

    def show(self):
        """What `wg show` knows, as a dict without secrets (docs/PROVISIONING.md)."""
        self._need()
        now_ms = self._netif.now()
        counters = self._netif.counters()
        counters.update(self._tunnel.counters)
        return {
            "name": self.name,
            "public_key": _base64(self._tunnel.public_key),
            "listen_port": self._port,
            "up": self.isconnected(),
            "status": self.status(),
            "peers": [
                self._show_peer(peer, settings, now_ms)
                for peer, settings in zip(self._peers, self._config["peers"])
            ],
            "counters": counters,
        }

    # Life.

    def _start(self):
        settings, private_key, preshared = store.load(self.name)
        netif = _wireguard.Netif(self._run)
        try:
            self._port = netif.open(settings["listen_port"])
            self._build(netif, settings, private_key, preshared)
            netif.up(settings["mtu"])
            for text in settings["address"]:
                netif.add_address(*config.cidr(text))
        except Exception:
            netif.close()
            raise
        self._netif = netif
        interfaces[self.name] = self
        self.connect()

    def _build(self, netif, settings, private_key, preshared):
        mark = store.Mark(self.name)
        timestamps = Timestamps(mark.load, mark.store, _wall_ms)
        self._tunnel = Tunnel(_wireguard, netif, private_key, timestamps)
        self._resolver = Resolver(netif, self._resolved)
        self._config = settings
        self._peers = []
        self._unsent = []
        self._unsent_pause_ms = NO_UNDERLAY_RETRY_MIN_MS
        self._unsent_at_ms = None
        self._connect_wanted = False
        self._error = None
        for peer, psk in zip(settings["peers"], preshared):
            self._add_peer(peer, psk)

    def _add_peer(self, settings, preshared):
        peer = self._tunnel.add_peer(
            a2b_base64(settings["public_key"]),
            preshared=preshared,
            allowed_ips=[allowedips.parse_cidr(text) for text in settings["allowed_ips"]],
            keepalive_s=settings["persistent_keepalive"],
        )
        self._peers.append(peer)
        if settings["endpoint"] is not None:
            self._resolver.add(peer, *config.endpoint(settings["endpoint"]))

    def _stop(self):
        netif, self._netif = self._netif, None
        interfaces.pop(self.name, None)
        keys = [self._tunnel.private_key] + [peer.preshared for peer in self._peers]
        self._tunnel.close()
        netif.close()
        for key in keys:
            if key is not None:
                key.wipe()

    # The scheduled callback.

    def _run(self, _):
        if self._netif is None:
            return
        try:
            self._step()
            self._error = None
        except Exception as error:
            # Most likely MemoryError. The tunnel must not die of it: tell in status(), try again.
            self._error = "%s %s" % (type(error).__name__, error)
            self._netif.wake_at(self._netif.now() + AFTER_ERROR_RETRY_MS)

    def _step(self):
        netif = self._netif
        while True:
            message = netif.next_message()
            if message is None:
                break
            self._tunnel.handshake_message(message[0], message[1], message[2], netif.now())
            self._send_outbox(netif.now())
        now_ms = netif.now()
        self._resolver.step(now_ms)
        if self._connect_wanted:
            self._connect_wanted = False
            for peer in self._peers:
                if netif.endpoint(peer.id) is not None:
                    self._tunnel.connect(peer, now_ms)
        self._tunnel.wake(now_ms)
        self._send_outbox(now_ms)
        for peer in self._peers:
            if peer.failure:
                self._resolver.again(peer, now_ms)
        deadlines = (
            self._tunnel.next_deadline(),
            self._resolver.next_deadline(),
            self._unsent_at_ms,
        )
        known = [deadline for deadline in deadlines if deadline is not None]
        netif.wake_at(min(known) if known else None)

    def _resolved(self, peer):
        self._tunnel.connect(peer, self._netif.now())

    def _send_outbox(self, now_ms):
        """Send. What finds no underlay (late DHCP, cable out) is tried again until it is stale."""
        outbox = self._tunnel.outbox
        if outbox:  # newer messages make the unsent ones worthless
            self._unsent = list(outbox)
            outbox.clear()
            self._unsent_pause_ms = NO_UNDERLAY_RETRY_MIN_MS
        self._unsent = [item for item in self._unsent if not self._netif.send(*item)]
        if not self._unsent:
            self._unsent_at_ms = None
        elif self._unsent_at_ms is None or now_ms >= self._unsent_at_ms:
            # lwIP wakes us when an underlay comes up; this is for ports where it does not.
            self._unsent_at_ms = now_ms + self._unsent_pause_ms
            self._unsent_pause_ms = min(2 * self._unsent_pause_ms, NO_UNDERLAY_RETRY_MAX_MS)

    # What is shown.

    def _need(self):
        if self._netif is None:
            raise OSError("%s is not active" % self.name)

    def _loaded(self):
        return self._config if self._netif is not None else _settings(self.name)

    def _is_up(self, peer):
        return peer.state == "up" and self._netif.has_session(peer.id)

    def _why_down(self, peer):
        if self._unsent:
            return "no route to the endpoint"
        return self._resolver.failure(peer) or peer.failure

    def _show_peer(self, peer, settings, now_ms):
        endpoint = self._netif.endpoint(peer.id)
        received, sent = self._netif.transfer(peer.id)
        shaken_ms = peer.last_handshake_ms
        return {
            "public_key": settings["public_key"],
            "preshared": peer.preshared is not None,
            "endpoint": settings["endpoint"] if endpoint is None else _endpoint_text(*endpoint),
            "allowed_ips": settings["allowed_ips"],
            "latest_handshake_s": None if shaken_ms is None else (now_ms - shaken_ms) // 1000,
            "rx_bytes": received,
            "tx_bytes": sent,
            "persistent_keepalive_s": settings["persistent_keepalive"],
            "status": self._why_down(peer) or peer.state,
        }


def _settings(name):
    """The stored configuration; the keys that come with it are wiped at once."""
    settings, private_key, preshared = store.load(name)
    for key in [private_key] + preshared:
        if key is not None:
            key.wipe()
    return settings


def _wall_ms():
    return (time.time() + _EPOCH_S) * 1000


def _mask(bits):
    return (0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF).to_bytes(4, "big")


def _endpoint_text(address, port):
    text = allowedips.format_address(address)
    return ("[%s]:%d" if len(address) == 16 else "%s:%d") % (text, port)


def _base64(raw):
    return b2a_base64(raw).strip().decode()
