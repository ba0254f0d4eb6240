# SPDX-License-Identifier: MIT
"""Endpoints by name: asks lwIP's DNS without blocking, one name at a time, and tries again.

One failed look-up must not mean "down for ever": a name is retried with growing pauses as long as
the interface is active, and asked again when its peer has stopped answering.
"""

from .core import allowedips

RETRY_MIN_MS = 1000
RETRY_MAX_MS = 60000


class Name:
    """An endpoint that is still text: whose, where, and when to ask next (None = known)."""

    def __init__(self, peer, host, port):
        self.peer = peer
        self.host = host
        self.port = port
        self.due_ms = 0
        self.pause_ms = RETRY_MIN_MS
        self.failures = 0


class Resolver:
    """netif: resolve(name), resolved(), set_endpoint(); found(peer) is told of each answer."""

    def __init__(self, netif, found):
        self._netif = netif
        self._found = found
        self._names = []
        self._asked = None

    def add(self, peer, host, port):
        """An address takes effect at once; a name is asked for at the next step()."""
        try:
            self._netif.set_endpoint(peer.id, allowedips.parse_address(host), port)
        except ValueError:
            self._names.append(Name(peer, host, port))

    def again(self, peer, now_ms):
        """The peer does not answer: its name may have moved."""
        for name in self._names:
            if name.peer is peer and name.due_ms is None:
                name.due_ms = now_ms

    def failure(self, peer):
        """Words for a peer whose name could not be resolved lately, or None."""
        for name in self._names:
            if name.peer is peer and name.failures:
                return "DNS: no address for " + name.host
        return None

    def step(self, now_ms):
        """Take an answer that has come, and ask for the next name that is due."""
        if self._asked is not None:
            self._take_answer(now_ms)
        if self._asked is None:
            self._ask(now_ms)

    def next_deadline(self):
        """When to call step(), or None. An answer wakes by itself."""
        if self._asked is not None:
            return None
        due = [name.due_ms for name in self._names if name.due_ms is not None]
        return min(due) if due else None

    def _ask(self, now_ms):
        for name in self._names:
            if name.due_ms is not None and name.due_ms <= now_ms:
                self._asked = name
                self._netif.resolve(name.host)
                return

    def _take_answer(self, now_ms):
        address = self._netif.resolved()
        if address is None:
            return
        name, self._asked = self._asked, None
        if address is False:
            name.failures += 1
            name.due_ms = now_ms + name.pause_ms
            name.pause_ms = min(2 * name.pause_ms, RETRY_MAX_MS)
            return
        name.due_ms = None
        name.failures = 0
        name.pause_ms = RETRY_MIN_MS
        self._netif.set_endpoint(name.peer.id, address, name.port)
        self._found(name.peer)
