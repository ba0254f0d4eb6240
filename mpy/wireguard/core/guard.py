# SPDX-License-Identifier: MIT
"""Who may make us compute: cookies given under load (paper §5.3, §5.4.7), and limits by source.

A handshake message costs two to four X25519 before it can be told from a forgery. Whoever knows our
public key can write one with a good mac1. So when more come than LOAD_BURST at once or LOAD_PER_S
in the long run, and for one second after that, we are *under load*: a message is then taken only
if its mac2 shows a cookie of ours, which proves that its sender receives where it says that it is,
and no more often than the kernel takes them from one source. Without a cookie it is answered with
one, which costs no X25519 and sends less than came in.
"""

from . import messages
from .bucket import Bucket
from .constants import (
    COOKIE_VALID_MS,
    LOAD_BURST,
    LOAD_INTERVAL_MS,
    LOAD_LATENCY_MS,
    SOURCE_BURST,
    SOURCE_FORGOTTEN_MS,
    SOURCE_INTERVAL_MS,
    SOURCES_MAX,
)

TAKE = 0
COOKIE = 1  # answer with a cookie
LIMITED = 2  # drop

_LABEL_COOKIE = b"cookie--"
_SECRET_BYTES = 32
_NONCE_BYTES = 24
_IPV6_PREFIX_BYTES = 8  # one customer's network: it can use any address in it


class Guard:
    """Asked about each initiation and response whose mac1 is good."""

    def __init__(self, crypto, public_key):
        self.crypto = crypto
        self.cookie_key = crypto.blake2s(_LABEL_COOKIE + public_key)
        self.load = Bucket(LOAD_INTERVAL_MS, LOAD_BURST, 0)
        self.loaded_until_ms = 0
        self.sources = Sources()
        self.secret = None
        self.secret_made_ms = 0

    def verdict(self, message, source, now_ms):
        """TAKE, COOKIE or LIMITED. source: (address bytes, port)."""
        if not self.load.take(now_ms):
            self.loaded_until_ms = now_ms + LOAD_LATENCY_MS
        if not self.is_loaded(now_ms):
            return TAKE
        if not self._has_mac2(message, source, now_ms):
            return COOKIE
        return TAKE if self.sources.allow(source[0], now_ms) else LIMITED

    def is_loaded(self, now_ms):
        """Are cookies asked for?"""
        return now_ms < self.loaded_until_ms

    def reply(self, message, source, now_ms):
        """The cookie reply (paper §5.4.7) to a message whose mac1 is good."""
        nonce = self.crypto.random(_NONCE_BYTES)
        cookie = self._cookie(source, now_ms)
        mac1 = message[-messages.MACS_BYTES : -messages.MAC_BYTES]
        sealed = self.crypto.xaead_seal(self.cookie_key, nonce, cookie, mac1)
        return messages.pack_cookie_reply(messages.sender_of(message), nonce, sealed)

    def _cookie(self, source, now_ms):
        if self.secret is None or now_ms - self.secret_made_ms >= COOKIE_VALID_MS:
            self.secret = self.crypto.random(_SECRET_BYTES)
            self.secret_made_ms = now_ms
        place = source[0] + source[1].to_bytes(2, "big")
        return self.crypto.blake2s(place, self.secret, messages.MAC_BYTES)

    def _has_mac2(self, message, source, now_ms):
        cookie = self._cookie(source, now_ms)
        covered = message[: -messages.MAC_BYTES]
        mac2 = self.crypto.blake2s(covered, cookie, messages.MAC_BYTES)
        return _is_equal(mac2, message, len(covered))


class Sources:
    """How often each source has been heard: the kernel's rate limit (ratelimiter.c).

    20 messages a second, 5 at once, for each IPv4 address or IPv6 /64. A table that is full of
    sources heard within the last second takes no other: it is small, and cannot be made to grow.
    """

    def __init__(self):
        self.buckets = {}  # by address or prefix

    def allow(self, address, now_ms):
        """Count one message. False: it is one too many."""
        source = bytes(address[:_IPV6_PREFIX_BYTES])
        bucket = self.buckets.get(source)
        if bucket is None:
            if len(self.buckets) >= SOURCES_MAX:
                self._forget(now_ms)
            if len(self.buckets) >= SOURCES_MAX:
                return False
            bucket = self.buckets[source] = Bucket(SOURCE_INTERVAL_MS, SOURCE_BURST, now_ms)
        return bucket.take(now_ms)

    def _forget(self, now_ms):
        """Drop those that have not been heard for a second: their buckets are full again."""
        for source in list(self.buckets):
            if now_ms - self.buckets[source].at_ms > SOURCE_FORGOTTEN_MS:
                del self.buckets[source]


def _is_equal(mac, message, start):
    """Compare mac with message[start:], in a time that does not depend on where they differ."""
    difference = 0
    for i in range(len(mac)):
        difference |= mac[i] ^ message[start + i]
    return difference == 0
