# SPDX-License-Identifier: MIT
"""One peer: who it is, how far a handshake with it has got, and what waits for a session."""

from .constants import INITIATION_INTERVAL_MS, STAGED_PACKETS, TIMESTAMP_BYTES
from .cookie import CookieJar

# Peer.state
IDLE = "idle"
CONNECTING = "connecting"
UP = "up"
FAILED = "failed"

# Peer.failure
NO_ENDPOINT = "no endpoint is known"
NO_REPLY = "no reply to the handshake for 90 s"
UNDER_LOAD = "the peer is under load, and takes no handshake"
BAD_KEY = "the peer's public key is not a valid one"
BAD_REPLY = "the reply does not open: a preshared key or the server's public key is wrong"
NO_MARK = "the time stamp mark cannot be stored"


class Peer:
    """Made by Tunnel.add_peer. Read: public_key, id, state, failure, last_handshake_ms."""

    def __init__(self, crypto, peer_id, public_key, preshared, timers):
        self.id = peer_id
        self.public_key = public_key
        self.preshared = preshared
        self.timers = timers
        self.cookies = CookieJar(crypto, public_key)
        self.state = IDLE
        self.failure = None
        self.hint = None  # what the network has shown since the last handshake, if it was telling
        self.todo = 0  # bits of what is due and not yet done: tunnel.py
        self.last_handshake_ms = None
        self.endpoint = None  # where it was when last looked at
        self.handshake = None  # noise.Initiator, while a response may come
        self.local_index = None  # of that handshake
        self.cookie_index = None  # of the last initiation or response sent
        self.latest_timestamp = bytes(TIMESTAMP_BYTES)
        self.initiation_taken_ms = None
        self.staged = []

    @property
    def handshake_attempts(self):
        """Initiations sent since the last handshake that succeeded."""
        return self.timers.attempts

    def refuses_initiation(self, timestamp, now_ms):
        """Return the reason, or None. The initiation is authentic; is it new (paper §5.1)?

        It is noted in any case: one that came too soon is not good for later either, when a copy of
        it from elsewhere would move the endpoint.
        """
        if timestamp <= self.latest_timestamp:
            return "initiation_replayed"
        self.latest_timestamp = timestamp
        taken_ms = self.initiation_taken_ms
        if taken_ms is not None and now_ms - taken_ms < INITIATION_INTERVAL_MS:
            return "initiation_too_soon"
        self.initiation_taken_ms = now_ms
        return None

    def stage(self, inner):
        """Keep a packet until there is a session. Return how many old ones that has cost."""
        self.staged.append(inner)
        if len(self.staged) <= STAGED_PACKETS:
            return 0
        self.staged.pop(0)
        return 1

    def take_staged(self):
        """Return the waiting packets, oldest first, and forget them."""
        staged, self.staged = self.staged, []
        return staged

    def mark_connecting(self):
        """An initiation goes out. What hindered it is past; that nobody answered is not."""
        if self.state != UP:  # a session may be in use while the next is made
            self.state = CONNECTING
        if self.failure not in (NO_REPLY, UNDER_LOAD, BAD_REPLY):
            self.failure = None

    def mark_up(self, now_ms):
        """A handshake is complete and confirmed."""
        self.state = UP
        self.failure = self.hint = None
        self.last_handshake_ms = now_ms

    def mark_failed(self, reason):
        """Nothing more will be tried until somebody asks."""
        self.state = FAILED
        self.failure = reason

    def wipe_handshake(self):
        """Forget the handshake that is under way, if any."""
        if self.handshake is not None:
            self.handshake.wipe()
        self.handshake = self.local_index = None
