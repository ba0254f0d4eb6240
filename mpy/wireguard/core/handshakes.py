# SPDX-License-Identifier: MIT
"""The handshake messages of one tunnel (paper §5.4): who may begin, what is answered or taken.

Nothing that comes from the network raises, except MemoryError when the heap is full. Then that
message is lost, as the network loses others, and what it leaves behind is taken up by a retry.
"""

from . import messages, noise
from .guard import COOKIE, TAKE, Guard
from .peer import BAD_KEY, BAD_REPLY, NO_ENDPOINT, NO_MARK


class Handshakes:
    """The tunnel has the keys, the peers, the path and the outbox; this writes and reads."""

    def __init__(self, tunnel):
        self.tunnel = tunnel
        self.crypto = tunnel.crypto
        self.guard = Guard(tunnel.crypto, tunnel.public_key)

    # Out.

    def initiate(self, peer, now_ms):
        """Send the first message, or say why it cannot be sent."""
        tunnel = self.tunnel
        if tunnel.path.endpoint(peer.id) is None:
            return self._cannot(peer, NO_ENDPOINT)
        message = self._write_initiation(peer, now_ms)
        if message is not None:
            tunnel.post(peer.id, peer.cookies.add_macs(message, now_ms))
            tunnel.count("initiation_sent", 1, peer)
        return None

    def _write_initiation(self, peer, now_ms):
        tunnel = self.tunnel
        peer.wipe_handshake()
        peer.timers.initiation_sent(now_ms)
        peer.mark_connecting()
        try:
            timestamp = tunnel.timestamp()
        except OSError:
            return self._cannot(peer, NO_MARK)
        handshake = noise.Initiator(
            self.crypto, tunnel.private_key, tunnel.public_key, peer.public_key
        )
        fields = handshake.initiate(timestamp)
        if fields is None:
            handshake.wipe()
            return self._cannot(peer, BAD_KEY)
        peer.handshake = handshake
        peer.local_index = peer.cookie_index = self.new_index()
        return messages.pack_initiation(peer.local_index, *fields)

    def _cannot(self, peer, reason):
        self.tunnel.count("handshake_not_possible", 1, peer, reason)
        peer.mark_failed(reason)

    # In.

    def take(self, datagram, source, now_ms):
        """A message of type 1 to 3 whose length and mac1 C has found good; source: address, port.

        What costs no X25519 is looked at first.
        """
        kind = messages.message_type(datagram)
        if kind == messages.COOKIE_REPLY:
            self._take_cookie(datagram, now_ms)
        elif kind == messages.RESPONSE:
            self._take_response(datagram, source, now_ms)
        elif kind == messages.INITIATION:
            if self._admits(datagram, source, now_ms):
                self._take_initiation(datagram, source, now_ms)
        else:
            self.tunnel.count("handshake_malformed")

    def _admits(self, datagram, source, now_ms):
        """May this message cost us X25519? Under load, answer it with a cookie instead."""
        verdict = self.guard.verdict(datagram, source, now_ms)
        if verdict == COOKIE:
            reply = self.guard.reply(datagram, source, now_ms)
            self.tunnel.outbox.append((reply,) + source)
            self.tunnel.count("cookie_sent")
        elif verdict != TAKE:
            self.tunnel.count("handshake_limited")
        return verdict == TAKE

    def _take_response(self, datagram, source, now_ms):
        peer = self._peer_with("local_index", messages.receiver_of(datagram))
        if peer is None:
            self.tunnel.count("response_unknown_index")
        elif self._admits(datagram, source, now_ms):
            self._finish(peer, datagram, source, now_ms)

    def _finish(self, peer, datagram, source, now_ms):
        tunnel = self.tunnel
        sender, _receiver, ephemeral, empty = messages.parse_response(datagram)
        handshake = peer.handshake
        if handshake.finish(ephemeral, empty, peer.preshared) is None:
            peer.hint = BAD_REPLY
            return tunnel.count("response_forged")
        local_index = peer.local_index
        # Forgotten before anything can go wrong: what is split once cannot be read again.
        peer.handshake = peer.local_index = None
        try:
            session = handshake.split(local_index, sender, now_ms)
            tunnel.install(peer, session, source, now_ms)
        finally:
            handshake.wipe()
        tunnel.count("response_taken", 1, peer)
        return tunnel.completed(peer, now_ms)

    def _take_initiation(self, datagram, source, now_ms):
        sender, ephemeral, static, timestamp = messages.parse_initiation(datagram)
        tunnel = self.tunnel
        handshake = noise.Responder(self.crypto, tunnel.private_key, tunnel.public_key)
        try:
            peer = self._authenticate(handshake, ephemeral, static, timestamp, now_ms)
            if peer is not None:
                self._respond(handshake, peer, sender, source, now_ms)
        finally:
            handshake.wipe()

    def _authenticate(self, handshake, ephemeral, static, timestamp, now_ms):
        """Return the peer of an initiation that is genuine and new, or count why it is not."""
        tunnel = self.tunnel
        public_key = handshake.read_static(ephemeral, static)
        if public_key is None:
            return tunnel.count("initiation_forged")
        peer = tunnel.peers.get(public_key)
        if peer is None:
            return tunnel.count("initiation_unknown_peer")
        opened = handshake.read_timestamp(timestamp)
        if opened is None:
            return tunnel.count("initiation_forged")
        refusal = peer.refuses_initiation(opened, now_ms)
        if refusal is not None:
            return tunnel.count(refusal)
        if peer.public_key > tunnel.public_key:
            # Initiations have crossed. The kernel drops its own one, and if both ends do so both
            # wait for 5 s; so the end with the greater key keeps it, which no peer can mind.
            peer.wipe_handshake()
        tunnel.count("initiation_taken", 1, peer)
        return peer

    def _respond(self, handshake, peer, sender, source, now_ms):
        tunnel = self.tunnel
        fields = handshake.respond(peer.preshared)
        if fields is None:
            return tunnel.count("initiation_forged")
        index = peer.cookie_index = self.new_index()
        session = handshake.split(index, sender, now_ms)
        tunnel.install(peer, session, source, now_ms)
        peer.timers.response_sent(now_ms)
        message = messages.pack_response(index, sender, *fields)
        tunnel.post(peer.id, peer.cookies.add_macs(message, now_ms))
        tunnel.count("response_sent", 1, peer)
        return tunnel.review(peer, now_ms)

    def _take_cookie(self, datagram, now_ms):
        receiver, nonce, sealed = messages.parse_cookie_reply(datagram)
        peer = self._peer_with("cookie_index", receiver)
        if peer is None:
            self.tunnel.count("cookie_unknown_index")
        elif peer.cookies.consume(nonce, sealed, now_ms):
            # It is used by the next retry, not at once (§6.6).
            self.tunnel.count("cookie_taken", 1, peer)
        else:
            self.tunnel.count("cookie_forged")

    # Indices.

    def _peer_with(self, field, index):
        for peer in self.tunnel.peers.values():
            if getattr(peer, field) == index:
                return peer
        return None

    def new_index(self):
        """Return a random index that no session and no handshake of ours has."""
        while True:
            index = int.from_bytes(self.crypto.random(4), "little")
            taken = self.tunnel.path.has_index(index) or self._peer_with("local_index", index)
            if not taken:
                return index
