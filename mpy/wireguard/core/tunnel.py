# SPDX-License-Identifier: MIT
"""A WireGuard interface without IO: datagrams, packets and a clock in, datagrams and packets out.

The host drains `outbox`, a list of (datagram, address bytes, port), and `inbox`, a list of inner
packets, after each call; it calls wake() when next_deadline() has come, and on a board when C says
so. Nothing that the network sends raises: it is counted by reason, here or in path.counters().

    crypto   the `_wireguard` module
    path     its Path, or on a board its Netif: sessions, routing, endpoints
    now_ms   one monotonic clock for every call, 1 or later
"""

from . import timers
from .constants import KEY_BYTES, REKEY_JITTER_MAX_MS
from .handshakes import Handshakes
from .peer import FAILED, IDLE, NO_REPLY, UNDER_LOAD, UP, Peer

# Path's verdicts (wg_path.h).
_DELIVER = 1
_HANDSHAKE = 3
_SEND = 1
_STAGE = 2

# Peer.todo: the actions of timers.py, and above them C's events (wg_peer.h).
_EVENTS_SHIFT = 5
_WANTED = 1 << _EVENTS_SHIFT
_CONFIRMED = 2 << _EVENTS_SHIFT
_REVIEW = 4 << _EVENTS_SHIFT  # C's ACTIVITY, and what is left to do at the end of everything else
_CONFIRM = 8 << _EVENTS_SHIFT  # use the session that our handshake has made

_COUNTERS = (
    "initiation_sent",
    "initiation_taken",
    "initiation_forged",
    "initiation_unknown_peer",
    "initiation_replayed",
    "initiation_too_soon",
    "response_sent",
    "response_taken",
    "response_forged",
    "response_unknown_index",
    "cookie_sent",
    "cookie_taken",
    "cookie_forged",
    "cookie_unknown_index",
    "handshake_limited",
    "handshake_malformed",
    "handshake_given_up",
    "handshake_not_possible",
    "staged_dropped",
    "session_confirmed",
    "keepalive_sent",
    "endpoint_moved",
    "keys_wiped",
)


class Tunnel:
    """timestamp() returns a new TAI64N (tai64n.Timestamps); random_jitter() returns 0 to 333 ms."""

    def __init__(self, crypto, path, private_key, timestamp, random_jitter=None):
        self.crypto = crypto
        self.path = path
        self.private_key = private_key
        self.public_key = private_key.public_key()
        self.timestamp = timestamp
        self.random_jitter = random_jitter or self._jitter
        self.peers = {}  # by public key
        self.outbox = []
        self.inbox = []
        self.counters = {name: 0 for name in _COUNTERS}
        self.note = None  # called with (name, peer or None, detail) for what is counted: log.py
        self._by_id = {}
        path.set_identity(self.public_key)
        self.handshakes = Handshakes(self)
        # In this order: after a sleep, keys that should be gone must not take new ones with them.
        self._duties = (
            (timers.WIPE, self._wipe),
            (timers.GIVE_UP, self._give_up),
            (timers.RETRY, self.handshakes.initiate),
            (_CONFIRMED, self._confirmed),
            (_CONFIRM, self._confirm),
            (timers.KEEPALIVE, self._keepalive),
            (_WANTED | timers.HANDSHAKE, self._want_handshake),
        )

    # Peers.

    def add_peer(self, public_key, preshared=None, endpoint=None, allowed_ips=(), keepalive_s=0):
        """Return the Peer. allowed_ips: (address bytes, prefix length) each.

        Raises ValueError for a key that cannot be a peer's, OSError when C's tables are full.
        """
        public_key = bytes(public_key)
        self._check_new(public_key)
        peer_id = self.path.add_peer()
        try:
            for address, bits in allowed_ips:
                self.path.allow(peer_id, address, bits)
            if endpoint is not None:
                self.path.set_endpoint(peer_id, endpoint[0], endpoint[1])
        except Exception:
            self.path.remove_peer(peer_id)
            raise
        clocks = timers.Timers(self.random_jitter, keepalive_s * 1000)
        peer = Peer(self.crypto, peer_id, public_key, preshared, clocks)
        self.peers[public_key] = self._by_id[peer_id] = peer
        return peer

    def _check_new(self, public_key):
        if len(public_key) != KEY_BYTES:
            raise ValueError("a public key has 32 bytes")
        if public_key == self.public_key:
            raise ValueError("the peer has our own public key")
        if public_key in self.peers:
            raise ValueError("two peers have the same public key")

    def remove_peer(self, peer):
        """Forget the peer and its sessions. The preshared key stays the caller's."""
        self.path.remove_peer(peer.id)
        peer.wipe_handshake()
        peer.timers.stop()
        del self.peers[peer.public_key]
        del self._by_id[peer.id]

    def close(self):
        """Remove every peer. The private key stays the caller's."""
        for peer in list(self.peers.values()):
            self.remove_peer(peer)

    # Packets, where Python sees them (CPython, natmod).

    def send(self, inner, now_ms):
        """Route one inner packet: seal it, or keep it and start a handshake, or drop it."""
        verdict, peer_id, datagram = self.path.output(inner, now_ms)
        if verdict == _SEND:
            self.post(peer_id, datagram)
        elif verdict == _STAGE:
            self.count("staged_dropped", self._by_id[peer_id].stage(inner))
        self._attend_id(peer_id, now_ms)

    def receive(self, datagram, address, port, now_ms):
        """Take one outer datagram, whatever it is."""
        verdict, peer_id, inner = self.path.input(datagram, address, port, now_ms)
        if verdict == _HANDSHAKE:
            self.handshakes.take(datagram, (address, port), now_ms)
        elif verdict == _DELIVER:
            self.inbox.append(inner)
        self._attend_id(peer_id, now_ms)

    def _attend_id(self, peer_id, now_ms):
        peer = self._by_id.get(peer_id)
        if peer is not None:
            self._attend(peer, now_ms)

    # Time.

    def next_deadline(self):
        """When wake() must be called at the latest, or None."""
        deadline = None
        for peer in self.peers.values():
            its = 0 if peer.todo else peer.timers.next_deadline()
            if its is not None and (deadline is None or its < deadline):
                deadline = its
        return deadline

    def wake(self, now_ms):
        """Do what is due, and what C has asked for.

        MemoryError, from a heap that is full: what could not be done is kept, for the next call.
        """
        failure = None
        for peer in self.peers.values():
            try:
                self._attend(peer, now_ms)
            except Exception as error:  # one peer's trouble is not another's
                failure = error
        if failure is not None:
            raise failure

    def connect(self, peer, now_ms):
        """Start a handshake now, or 5 s after the last one."""
        peer.todo |= _WANTED
        self._attend(peer, now_ms)

    def keepalive(self, peer, now_ms):
        """Send an empty packet now, so that the peer learns where we are."""
        peer.todo |= timers.KEEPALIVE
        self._attend(peer, now_ms)

    def _attend(self, peer, now_ms):
        """Act on what is due, and on what C has noticed about this peer."""
        peer.todo |= peer.timers.due(now_ms) | self.path.take_events(peer.id) << _EVENTS_SHIFT
        if peer.todo or peer.timers.needs_review(now_ms):
            self.review(peer, now_ms)

    def review(self, peer, now_ms):
        """Do what is to be done, and let the timers read C's stamps until they are content."""
        # Each duty is forgotten when it is done. What raises leaves it, and all after it, to be
        # done by the next call: C's events and the timers' come once.
        peer.todo |= _REVIEW
        while True:
            self._do_duties(peer, now_ms)
            # A stamp that C sets from here on raises an event, so that none is missed.
            self.path.arm(peer.id, False)
            actions = peer.timers.review(self.path.activity(peer.id), now_ms)
            if not actions:
                break
            peer.todo |= actions
        self.path.arm(peer.id, peer.timers.is_watching)
        peer.todo = 0
        self._follow(peer)

    def _do_duties(self, peer, now_ms):
        for duty in self._duties:
            if peer.todo & duty[0]:
                duty[1](peer, now_ms)
                peer.todo &= ~duty[0]

    def _confirmed(self, peer, now_ms):
        """The initiator has used the session that we answered with."""
        self.count("session_confirmed", 1, peer)
        peer.timers.confirmed()
        peer.mark_up(now_ms)
        peer.wipe_handshake()
        self._release(peer, now_ms)

    def completed(self, peer, now_ms):
        """The response to our initiation has come, and its session is in use."""
        peer.timers.response_received(now_ms)
        peer.mark_up(now_ms)
        self.path.take_events(peer.id)  # what was asked for before is done now
        peer.todo = _CONFIRM
        self.review(peer, now_ms)

    def _confirm(self, peer, now_ms):
        """The first packet on the new session lets the responder use it too (paper §5.1)."""
        if not self._release(peer, now_ms):
            self._keepalive(peer, now_ms)

    def _wipe(self, peer, _now_ms):
        self.path.wipe(peer.id)
        peer.wipe_handshake()
        if peer.state == UP:
            peer.state = IDLE
        self.count("keys_wiped", 1, peer)

    def _give_up(self, peer, now_ms):
        if peer.state != FAILED:  # else it never got as far as sending
            peer.mark_failed(UNDER_LOAD if peer.cookies.is_valid(now_ms) else peer.hint or NO_REPLY)
        self.count("handshake_given_up", 1, peer, peer.failure)
        self.path.drop_staged(peer.id)
        self.count("staged_dropped", len(peer.take_staged()))

    def _want_handshake(self, peer, now_ms):
        if peer.timers.request(now_ms):
            self.handshakes.initiate(peer, now_ms)

    # Sending.

    def post(self, peer_id, datagram):
        """Send a datagram to where the peer is, if that is known."""
        endpoint = self.path.endpoint(peer_id)
        if endpoint is not None:
            self.outbox.append((datagram,) + endpoint)

    def _seal(self, peer, inner, now_ms):
        """Return 1 if the packet went out, 0 if there is no session for it."""
        datagram = self.path.seal(peer.id, inner, now_ms)
        if datagram is None:
            return 0
        self.post(peer.id, datagram)
        return 1

    def _keepalive(self, peer, now_ms):
        peer.timers.keepalive_tried(now_ms)
        if self._seal(peer, b"", now_ms):
            self.count("keepalive_sent", 1, peer)
        else:
            self._want_handshake(peer, now_ms)

    def _release(self, peer, now_ms):
        """Send what waited for the session. Return the number of packets."""
        sent = self.path.flush(peer.id, now_ms)
        while peer.staged:
            sent += self._seal(peer, peer.staged[0], now_ms)
            peer.staged.pop(0)
        return sent

    def install(self, peer, session, source, now_ms):
        """Hand a new session to C. Its handshake message came from `source`: (address, port)."""
        self.path.install(peer.id, session, now_ms)
        self.path.set_endpoint(peer.id, source[0], source[1])

    # Small things.

    def count(self, name, times=1, peer=None, detail=None):
        """Count something that happened; see `counters`. peer: if it surely comes from it."""
        self.counters[name] += times
        if times and self.note is not None:
            self.note(name, peer, detail)

    def _follow(self, peer):
        """Count it when the peer is elsewhere: by a handshake, by its packets (C), by its name."""
        endpoint = self.path.endpoint(peer.id)
        if endpoint != peer.endpoint:
            if peer.endpoint is not None:
                self.count("endpoint_moved", 1, peer, endpoint)
            peer.endpoint = endpoint

    def _jitter(self):
        return int.from_bytes(self.crypto.random(4), "little") % (REKEY_JITTER_MAX_MS + 1)
