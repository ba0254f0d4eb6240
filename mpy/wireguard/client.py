# SPDX-License-Identifier: MIT
"""WireGuard("wg0"): a network interface with MicroPython's AbstractNIC methods.

The configuration and the keys come from the store (wgprov puts them there). Handshakes run in a
scheduled callback that C asks for when a message waits or a deadline is due, so the tunnel lives
while the program sleeps, blocks in a socket or sits at the REPL.
"""

import gc
import sys

import _wireguard

from . import log
from .core.peer import FAILED, UP
from .core.tai64n import Timestamps
from .core.tunnel import Tunnel
from .mark import Mark
from .resolver import Resolver
from .sender import Sender
from .wall import wall_ms

AFTER_ERROR_RETRY_MS = 1000
INBOX_AT_ONCE = 4  # WG_INBOX_MAX: handshake messages taken before anything else gets its turn

# What only a start needs: the collector gets it back. 3.5 KB.
_PASSING = (
    "wireguard.start",
    "wireguard.store",
    "wireguard.config",
    "wireguard.core.allowedips",
)

interfaces = {}  # active ones by name
_known = {}  # all of them: what a program has set on_up of is the one that wgprov restarts


def autostart():
    """Bring up what is provisioned to start by itself. Never raises: boot must go on."""
    for name in _briefly("names"):
        try:
            if name not in interfaces and _briefly("settings", name)["autostart"]:
                WireGuard(name).active(True)
        except Exception as error:
            print("wireguard: %s: %s %s" % (name, type(error).__name__, error))


def reload(name):
    """Take up a changed configuration: the tunnel starts anew, or ends if there is none."""
    running = interfaces.get(name)
    if running:
        running.active(False)
    if name in _briefly("names"):
        WireGuard(name).active(True)


class WireGuard:
    """One interface: WireGuard("wg0") is the same object wherever it is called.

    on_up, on_down: called with this object when the first peer has a session, and when the last one
    has lost it: no answer for 90 s, no use for 540 s, or active(False). They run in a scheduled
    callback, between any two bytecodes of the program: short, and no waiting in them.
    """

    on_up = on_down = None
    was_up = False

    def __new__(cls, name="wg0"):
        return _known.get(name) or super().__new__(cls)

    def __init__(self, name="wg0"):
        if _known.get(name) is self:
            return
        self.name = _briefly("checked", name)
        _known[name] = self
        self.netif = None
        self.waiting = []  # asyncio flags: events.py

    # AbstractNIC.

    def active(self, on=None):
        """Without an argument: is it up? With one: bring it up or down."""
        if on is not None and bool(on) != self.active():
            if on:
                self._start()
            else:
                self._stop()
        return self.netif is not None

    def connect(self):
        """Start a handshake with every peer now instead of with the first packet."""
        self.need()
        # Only the scheduled callback touches the tunnel: it may interrupt us between two bytecodes.
        self._connect_wanted = True
        self.netif.wake_at(self.netif.now())

    def disconnect(self):
        """Forget the sessions; the next packet makes new ones."""
        self.need()
        for peer in self.peers:
            self.netif.wipe(peer.id)
            self._note("keys_wiped", peer)

    def isconnected(self):
        """Has any peer completed a handshake that is still good?"""
        if self.netif is None:
            return False
        return any(self.is_up(peer) for peer in self.peers)

    def is_up(self, peer):
        """The same of one peer."""
        return peer.state == UP and self.netif.has_session(peer.id)

    def status(self, param=None):
        """Words: "off", "up", "connecting", or why the tunnel is down."""
        if self.netif is None:
            return "off"
        return _status().of_interface(self)

    def stats(self):
        """{name: count} of everything that happened, each dropped packet by its reason."""
        self.need()
        return _status().stats(self)

    def ipconfig(self, param):
        """ipconfig("addr4") -> (address, mask); "addr6" -> list; "mtu". Set by provisioning."""
        return _status().ipconfig(self, param)

    def config(self, param):
        """config("mtu" | "listen_port" | "dns" | "public_key" | "name").

        "dns" is the list of the configuration. Nothing asks these servers by itself, because lwIP
        has one list for all interfaces, which DHCP writes, and which must find the endpoint:
        `wg.on_up = lambda wg: network.ipconfig(dns=wg.config("dns")[0])` (docs/PROTOCOL.md).
        """
        return _status().config_of(self, param)

    def show(self):
        """What `wg show` knows, as a dict without secrets (docs/PROVISIONING.md)."""
        self.need()
        return _status().show(self)

    # asyncio.

    async def wait_up(self):
        """Return when the tunnel is up."""
        from .events import wait

        await wait(self, True)

    async def wait_down(self):
        """Return when it is down."""
        from .events import wait

        await wait(self, False)

    # Life.

    def _start(self):
        _briefly("interface", self)
        interfaces[self.name] = self
        self._note("started")
        self.connect()

    def build(self, netif, settings, private_key):
        """What runs while the interface is up, without its peers: called by start.py."""
        log.prepare()
        mark = Mark(self.name)
        self.timestamps = Timestamps(mark.load, mark.store, wall_ms)
        self.tunnel = Tunnel(_wireguard, netif, private_key, self.timestamps)
        self.tunnel.note = self._note
        self.resolver = Resolver(netif, self._resolved, self._note)
        self.sender = Sender(netif)
        self.settings = settings
        self.peers = []
        self.counters = {"callback_failed": 0, "inbox_paused": 0}
        self._connect_wanted = False
        self._rest_until_ms = None
        self._underlay_changes = netif.underlay_changes()
        self.error = None

    def _stop(self):
        self._note("stopped")
        netif, self.netif = self.netif, None
        interfaces.pop(self.name, None)
        self.tunnel.close()
        netif.close()
        for key in [self.tunnel.private_key] + [peer.preshared for peer in self.peers]:
            if key is not None:
                key.wipe()
        self._announce()

    # The scheduled callback.

    def run(self, _):
        """Called by C, in between two bytecodes of the program."""
        if self.netif is None or self._is_resting():
            return
        try:
            self._step()
            self.error = None
        except Exception as error:
            # Most likely MemoryError. The tunnel must not die of it: tell in status(), try again.
            self.error = "%s %s" % (type(error).__name__, error)
            self.counters["callback_failed"] += 1
            self._note("callback_failed", None, self.error)
            self.netif.wake_at(self.netif.now() + AFTER_ERROR_RETRY_MS)
        self._announce()

    def _is_resting(self):
        """A message that found room in the ring has called: it is taken after the rest."""
        if self._rest_until_ms is None or self.netif.now() >= self._rest_until_ms:
            return False
        self.netif.wake_at(self._rest_until_ms)
        return True

    def _step(self):
        netif = self.netif
        began_ms = netif.now()
        is_flooded = self._take_messages()
        now_ms = netif.now()
        self._work(now_ms)
        self._rest_until_ms = None
        if is_flooded:
            now_ms = netif.now()
            self._rest_until_ms = now_ms + 2 * (now_ms - began_ms) + 1
            self.counters["inbox_paused"] += 1
            return netif.wake_at(self._rest_until_ms)
        return netif.wake_at(now_ms if self._connect_wanted else self._deadline())

    def _take_messages(self):
        """Handshake messages, and True after a full ring of them. Then comes a rest, twice as long
        as they took: interrupts and the collector have their part too, and who floods the board is
        to leave the program half of its time."""
        for _ in range(INBOX_AT_ONCE):
            message = self.netif.next_message()
            if message is None:
                return False
            self.tunnel.handshakes.take(message[0], message[1], self.netif.now())
            self._send(self.netif.now())
        return True

    def _work(self, now_ms):
        if self.netif.underlay_changes() != self._underlay_changes:
            self._underlay_changed(now_ms)
        self.resolver.step(now_ms)
        if self._connect_wanted:
            self._connect_all(now_ms)
        self.tunnel.wake(now_ms)
        self._send(now_ms)
        self.resolver.look_at_peers(now_ms)

    def _deadline(self):
        deadline = _sooner(self.tunnel.next_deadline(), self.resolver.next_deadline())
        return _sooner(deadline, self.sender.next_deadline())

    def _connect_all(self, now_ms):
        for peer in self.peers:
            if self.netif.endpoint(peer.id) is not None:
                self.tunnel.connect(peer, now_ms)
        self._connect_wanted = False

    def _underlay_changed(self, now_ms):
        """An address or a link has come or gone: tell each peer where we are now."""
        self._underlay_changes = self.netif.underlay_changes()
        self._note("underlay_changed")
        self.resolver.hurry(now_ms)
        for peer in self.peers:
            if self.is_up(peer):
                self.tunnel.keepalive(peer, now_ms)  # it follows what is authenticated (§6.5)
            elif peer.state == FAILED and self.netif.endpoint(peer.id) is not None:
                self.tunnel.connect(peer, now_ms)

    def _resolved(self, peer):
        self.tunnel.connect(peer, self.netif.now())

    def _send(self, now_ms):
        if self.sender.send(self.tunnel.outbox, now_ms):
            # The underlay was away, and may have another address now: each peer must hear of it.
            self._connect_wanted = True
            self.resolver.hurry(now_ms)

    def _announce(self):
        """Tell on_up, on_down and asyncio when that has changed. Last: they may call active()."""
        up = False
        for peer in self.peers if self.netif is not None else ():
            up = up or peer.state == UP
        if up == self.was_up:
            return
        self.was_up = up
        for flag in self.waiting:
            flag.set()
        call = self.on_up if up else self.on_down
        if call is not None:
            try:
                call(self)
            except Exception as error:
                sys.print_exception(error)

    # Small things.

    def _note(self, event, peer=None, detail=None):
        log.note(self.netif.now(), self.name, event, peer and peer.public_key, detail)

    def need(self):
        """OSError unless the interface is active."""
        if self.netif is None:
            raise OSError("%s is not active" % self.name)


def _status():
    """The words are loaded when somebody asks for them."""
    from . import status

    return status


def _briefly(what, *arguments):
    """Call this function of start.py, and keep nothing in memory that was loaded for it alone."""
    new = [name for name in _PASSING if name not in sys.modules]
    try:
        from . import start

        return getattr(start, what)(*arguments)
    finally:
        for name in new:
            _forget(name)
        gc.collect()


def _forget(name):
    if sys.modules.pop(name, None) is not None:
        package, _, last = name.rpartition(".")
        delattr(sys.modules[package], last)


def _sooner(a, b):
    """The earlier of two deadlines; None is never."""
    if a is None or b is not None and b < a:
        return b
    return a
