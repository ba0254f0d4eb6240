# SPDX-License-Identifier: MIT
"""Endpoints by name: asks lwIP's DNS without blocking, one name at a time, and tries again.

One failed look-up must not mean "down for ever": a name is asked for again and again, with pauses
of 1 s doubling to 60 s, as long as the interface is active. An answer is kept (it is *sticky*)
while its peer answers; when the peer does not, the name is asked for again, with pauses of 15 s
doubling to 5 minutes, because the server may have moved. lwIP asks for an A record first, then for
AAAA, and serves from its cache what the record's time to live allows.
"""

RETRY_MIN_MS = 1000
RETRY_MAX_MS = 60_000
STALE_MIN_MS = 15_000
STALE_MAX_MS = 300_000
STALE_ATTEMPTS = 3  # initiations without a reply, after which a name may have moved


class Name:
    """An endpoint that is still text: whose, where, and when to ask next (None = known)."""

    def __init__(self, peer, host, port):
        self.peer = peer
        self.host = host
        self.port = port
        self.due_ms = 0
        self.pause_ms = RETRY_MIN_MS
        self.stale_pause_ms = STALE_MIN_MS
        self.answered_ms = 0
        self.failures = 0  # since the last answer


class Resolver:
    """netif: resolve(name), resolved(), endpoint(), set_endpoint(). found(peer): a new address.
    note(event, peer, detail): what is counted, for the log."""

    def __init__(self, netif, found, note=None):
        self._netif = netif
        self._found = found
        self._note = note
        self._names = []
        self._asked = None
        self.counters = {"dns_answered": 0, "dns_failed": 0, "dns_moved": 0}

    def add(self, peer, host, port):
        """An address takes effect at once; a name is asked for at the next step()."""
        from .core.allowedips import parse_address  # for the moment of the start

        try:
            self._netif.set_endpoint(peer.id, parse_address(host), port)
        except ValueError:
            self._names.append(Name(peer, host, port))

    def look_at_peers(self, now_ms):
        """Do they answer? Of one that does not, the name may have moved."""
        for name in self._names:
            if name.due_ms is not None:
                continue
            if not name.peer.failure and name.peer.handshake_attempts < STALE_ATTEMPTS:
                name.stale_pause_ms = STALE_MIN_MS
                continue
            name.due_ms = max(now_ms, name.answered_ms + name.stale_pause_ms)
            name.stale_pause_ms = min(2 * name.stale_pause_ms, STALE_MAX_MS)

    def hurry(self, now_ms):
        """The network has changed: what has failed may work now."""
        for name in self._names:
            if name.failures and name is not self._asked:
                name.due_ms = now_ms
                name.pause_ms = RETRY_MIN_MS

    def failure(self, peer):
        """Words for a peer whose name could not be resolved lately, or None."""
        for name in self._names:
            if name.peer is peer and name.failures:
                return "DNS: no address for %s (asked %d times)" % (name.host, name.failures)
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
        deadline = None
        for name in self._names:
            if name.due_ms is not None and (deadline is None or name.due_ms < deadline):
                deadline = name.due_ms
        return deadline

    def _ask(self, now_ms):
        for name in self._names:
            if name.due_ms is not None and name.due_ms <= now_ms:
                self._netif.resolve(name.host)
                self._asked = name
                return

    def _take_answer(self, now_ms):
        address = self._netif.resolved()
        if address is None:
            return
        name, self._asked = self._asked, None
        if address is False:
            self._count("dns_failed", name)
            name.failures += 1
            name.due_ms = now_ms + name.pause_ms
            name.pause_ms = min(2 * name.pause_ms, RETRY_MAX_MS)
            return
        self._count("dns_answered", name)
        name.due_ms = None
        name.answered_ms = now_ms
        name.failures = 0
        name.pause_ms = RETRY_MIN_MS
        self._use(name, address)

    def _count(self, event, name):
        self.counters[event] += 1
        if self._note is not None:
            self._note(event, name.peer, name.host)

    def _use(self, name, address):
        endpoint = address, name.port
        if self._netif.endpoint(name.peer.id) != endpoint:
            self._count("dns_moved", name)
            self._netif.set_endpoint(name.peer.id, *endpoint)
            self._found(name.peer)
