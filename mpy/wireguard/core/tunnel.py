# SPDX-License-Identifier: MIT
"""A WireGuard interface without IO: datagrams, packets and a clock in, datagrams and packets out.

The host drains `outbox`, a list of (datagram, address bytes, port), and `inbox`, a list of inner
packets, after each call; it calls wake() when next_deadline() has come, and on a board when C says
so. Nothing that the network sends raises: it is counted by reason, here or in path.counters().

    crypto   the `_wireguard` module
    path     its Path, or on a board its Netif: sessions, routing, endpoints
    now_ms   one monotonic clock for every call, 1 or later
"""

from . import messages, noise, timers
from .constants import KEY_BYTES, REKEY_JITTER_MAX_MS
from .peer import (
    BAD_KEY,
    FAILED,
    IDLE,
    NO_ENDPOINT,
    NO_MARK,
    NO_REPLY,
    UNDER_LOAD,
    UP,
    Peer,
)

# Path's verdicts and event bits (wg_path.h, wg_peer.h); bit 4, ACTIVITY, only asks for a review.
_WANT_HANDSHAKE = 1
_CONFIRMED = 2
_DELIVER = 1
_HANDSHAKE = 3
_SEND = 1
_STAGE = 2

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
    "cookie_taken",
    "cookie_forged",
    "cookie_unknown_index",
    "handshake_malformed",
    "handshake_given_up",
    "handshake_not_possible",
    "staged_dropped",
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
        self._by_id = {}
        self._takers = (None, self._take_initiation, self._take_response, self._take_cookie)
        path.set_identity(self.public_key)

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
            self._post(peer_id, datagram)
        elif verdict == _STAGE:
            self._count("staged_dropped", self._by_id[peer_id].stage(inner))
        self._attend_id(peer_id, now_ms)

    def receive(self, datagram, address, port, now_ms):
        """Take one outer datagram, whatever it is."""
        verdict, peer_id, inner = self.path.input(datagram, address, port, now_ms)
        if verdict == _HANDSHAKE:
            self.handshake_message(datagram, address, port, now_ms)
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
            its = peer.timers.next_deadline()
            if its is not None and (deadline is None or its < deadline):
                deadline = its
        return deadline

    def wake(self, now_ms):
        """Do what is due, and what C has asked for."""
        for peer in self.peers.values():
            self._attend(peer, now_ms)

    def connect(self, peer, now_ms):
        """Start a handshake now, or 5 s after the last one."""
        self._want_handshake(peer, now_ms)

    def _attend(self, peer, now_ms):
        """Act on what is due, and on what C has noticed about this peer."""
        # Timers first: after a sleep, keys that should be gone must not take new ones with them.
        actions = self._run_timers(peer, now_ms)
        events = self.path.take_events(peer.id)
        if events & _CONFIRMED:
            self._confirmed(peer, now_ms)
        if events & _WANT_HANDSHAKE:
            self._want_handshake(peer, now_ms)
        if actions or events or peer.timers.needs_review(now_ms):
            self._review(peer, now_ms)

    def _run_timers(self, peer, now_ms):
        actions = peer.timers.due(now_ms)
        if actions & timers.WIPE:
            self._wipe(peer)
        if actions & timers.RETRY:
            self._initiate(peer, now_ms)
        if actions & timers.GIVE_UP:
            self._give_up(peer, now_ms)
        return actions

    def _confirmed(self, peer, now_ms):
        """The initiator has used the session that we answered with."""
        peer.timers.confirmed()
        peer.mark_up(now_ms)
        peer.wipe_handshake()
        self._release(peer, now_ms)

    def _review(self, peer, now_ms):
        """Let the timers read C's stamps until they are content."""
        # A stamp that C sets from here on raises an event, so that none is missed.
        self.path.arm(peer.id, False)
        while True:
            actions = peer.timers.review(self.path.activity(peer.id), now_ms)
            if not actions:
                break
            if actions & timers.KEEPALIVE:
                self._keepalive(peer, now_ms)
            if actions & timers.HANDSHAKE:
                self._want_handshake(peer, now_ms)
        self.path.arm(peer.id, peer.timers.is_watching)

    def _wipe(self, peer):
        self.path.wipe(peer.id)
        peer.wipe_handshake()
        if peer.state == UP:
            peer.state = IDLE

    def _give_up(self, peer, now_ms):
        if peer.state != FAILED:  # else it never got as far as sending
            peer.mark_failed(UNDER_LOAD if peer.cookies.is_valid(now_ms) else NO_REPLY)
        self._count("handshake_given_up")
        self.path.drop_staged(peer.id)
        self._count("staged_dropped", len(peer.take_staged()))

    # Sending.

    def _post(self, peer_id, datagram):
        endpoint = self.path.endpoint(peer_id)
        if endpoint is not None:
            self.outbox.append((datagram, endpoint[0], endpoint[1]))

    def _seal(self, peer, inner, now_ms):
        """Return 1 if the packet went out, 0 if there is no session for it."""
        datagram = self.path.seal(peer.id, inner, now_ms)
        if datagram is None:
            return 0
        self._post(peer.id, datagram)
        return 1

    def _keepalive(self, peer, now_ms):
        peer.timers.keepalive_tried(now_ms)
        if not self._seal(peer, b"", now_ms):
            self._want_handshake(peer, now_ms)

    def _release(self, peer, now_ms):
        """Send what waited for the session. Return the number of packets."""
        sent = self.path.flush(peer.id, now_ms)
        for inner in peer.take_staged():
            sent += self._seal(peer, inner, now_ms)
        return sent

    # Handshakes.

    def handshake_message(self, datagram, address, port, now_ms):
        """Take a message of type 1 to 3, its length and mac1 already found good by C."""
        kind = messages.message_type(datagram)
        if kind == 0 or kind == messages.DATA:
            self._count("handshake_malformed")
        else:
            self._takers[kind](datagram, (address, port), now_ms)

    def _want_handshake(self, peer, now_ms):
        if peer.timers.request(now_ms):
            self._initiate(peer, now_ms)

    def _initiate(self, peer, now_ms):
        if self.path.endpoint(peer.id) is None:
            return self._cannot(peer, NO_ENDPOINT)
        message = self._write_initiation(peer, now_ms)
        if message is not None:
            self._count("initiation_sent")
            self._post(peer.id, peer.cookies.add_macs(message, now_ms))
        return None

    def _write_initiation(self, peer, now_ms):
        peer.wipe_handshake()
        peer.timers.initiation_sent(now_ms)
        peer.mark_connecting()
        try:
            timestamp = self.timestamp()
        except OSError:
            return self._cannot(peer, NO_MARK)
        handshake = noise.Initiator(self.crypto, self.private_key, self.public_key, peer.public_key)
        fields = handshake.initiate(timestamp)
        if fields is None:
            handshake.wipe()
            return self._cannot(peer, BAD_KEY)
        peer.handshake = handshake
        peer.local_index = peer.cookie_index = self._new_index()
        return messages.pack_initiation(peer.local_index, *fields)

    def _cannot(self, peer, reason):
        self._count("handshake_not_possible")
        peer.mark_failed(reason)

    def _take_response(self, datagram, source, now_ms):
        sender, receiver, ephemeral, empty = messages.parse_response(datagram)
        peer = self._peer_with("local_index", receiver)
        if peer is None:
            return self._count("response_unknown_index")
        if peer.handshake.finish(ephemeral, empty, peer.preshared) is None:
            return self._count("response_forged")
        session = peer.handshake.split(peer.local_index, sender, now_ms)
        self._install(peer, session, source, now_ms)
        self._count("response_taken")
        peer.wipe_handshake()
        peer.timers.response_received(now_ms)
        peer.mark_up(now_ms)
        self.path.take_events(peer.id)  # what was asked for before is done now
        # The first packet on the new session lets the responder use it too (paper §5.1).
        if not self._release(peer, now_ms):
            self._keepalive(peer, now_ms)
        return self._review(peer, now_ms)

    def _take_initiation(self, datagram, source, now_ms):
        sender, ephemeral, static, timestamp = messages.parse_initiation(datagram)
        handshake = noise.Responder(self.crypto, self.private_key, self.public_key)
        try:
            peer = self._authenticate(handshake, ephemeral, static, timestamp, now_ms)
            if peer is not None:
                self._respond(handshake, peer, sender, source, now_ms)
        finally:
            handshake.wipe()

    def _authenticate(self, handshake, ephemeral, static, timestamp, now_ms):
        """Return the peer of an initiation that is genuine and new, or count why it is not."""
        public_key = handshake.read_static(ephemeral, static)
        if public_key is None:
            return self._count("initiation_forged")
        peer = self.peers.get(public_key)
        if peer is None:
            return self._count("initiation_unknown_peer")
        opened = handshake.read_timestamp(timestamp)
        if opened is None:
            return self._count("initiation_forged")
        refusal = peer.refuses_initiation(opened, now_ms)
        if refusal is not None:
            return self._count(refusal)
        peer.take_initiation(opened, now_ms)
        if peer.public_key > self.public_key:
            # Initiations have crossed. The kernel drops its own one, and if both ends do so both
            # wait for 5 s; so the end with the greater key keeps it, which no peer can mind.
            peer.wipe_handshake()
        self._count("initiation_taken")
        return peer

    def _respond(self, handshake, peer, sender, source, now_ms):
        fields = handshake.respond(peer.preshared)
        if fields is None:
            return self._count("initiation_forged")
        index = peer.cookie_index = self._new_index()
        session = handshake.split(index, sender, now_ms)
        self._install(peer, session, source, now_ms)
        peer.timers.response_sent(now_ms)
        message = messages.pack_response(index, sender, *fields)
        self._post(peer.id, peer.cookies.add_macs(message, now_ms))
        self._count("response_sent")
        return self._review(peer, now_ms)

    def _take_cookie(self, datagram, _source, now_ms):
        receiver, nonce, sealed = messages.parse_cookie_reply(datagram)
        peer = self._peer_with("cookie_index", receiver)
        if peer is None:
            self._count("cookie_unknown_index")
        elif peer.cookies.consume(nonce, sealed, now_ms):
            self._count("cookie_taken")  # it is used by the next retry, not at once (§6.6)
        else:
            self._count("cookie_forged")

    def _install(self, peer, session, source, now_ms):
        self.path.install(peer.id, session, now_ms)
        self.path.set_endpoint(peer.id, source[0], source[1])

    def _peer_with(self, field, index):
        for peer in self.peers.values():
            if getattr(peer, field) == index:
                return peer
        return None

    def _new_index(self):
        """Return a random index that no session and no handshake of ours has."""
        while True:
            index = int.from_bytes(self.crypto.random(4), "little")
            if not self.path.has_index(index) and self._peer_with("local_index", index) is None:
                return index

    # Small things.

    def _jitter(self):
        return int.from_bytes(self.crypto.random(4), "little") % (REKEY_JITTER_MAX_MS + 1)

    def _count(self, name, times=1):
        self.counters[name] += times
