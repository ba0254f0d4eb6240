# SPDX-License-Identifier: MIT
"""The two macs of a handshake message, from the sender's side (paper §5.4.4, §5.4.7).

mac1 shows that we know whom we talk to. mac2 shows that a reply reaches us, and is zero until the
peer, under load, has sent us a cookie. Checking mac1 is C's work (firmware/session/wg_path.c).
"""

from .constants import COOKIE_VALID_MS

_MAC_BYTES = 16
_NO_MAC2 = bytes(_MAC_BYTES)
_LABEL_MAC1 = b"mac1----"
_LABEL_COOKIE = b"cookie--"


class CookieJar:
    """Macs for messages to one peer, and the cookie that it gave us."""

    def __init__(self, crypto, peer_public):
        self.crypto = crypto
        self.mac1_key = crypto.blake2s(_LABEL_MAC1 + peer_public)
        self.cookie_key = crypto.blake2s(_LABEL_COOKIE + peer_public)
        self.last_mac1 = None  # of the last message sent, until a cookie for it came
        self.cookie = None
        self.received_ms = 0

    def add_macs(self, message, now_ms):
        """Return the message with mac1 and mac2 appended."""
        mac1 = self.crypto.blake2s(message, self.mac1_key, _MAC_BYTES)
        self.last_mac1 = mac1
        message += mac1
        if not self.is_valid(now_ms):
            return message + _NO_MAC2
        return message + self.crypto.blake2s(message, self.cookie, _MAC_BYTES)

    def is_valid(self, now_ms):
        """Is there a cookie young enough to use?"""
        return self.cookie is not None and now_ms - self.received_ms < COOKIE_VALID_MS

    def consume(self, nonce, sealed, now_ms):
        """Take a cookie reply. False when it does not answer the last message sent to this peer."""
        if self.last_mac1 is None:
            return False
        cookie = self.crypto.xaead_open(self.cookie_key, nonce, sealed, self.last_mac1)
        if cookie is None:
            return False
        self.cookie = cookie
        self.received_ms = now_ms
        self.last_mac1 = None  # one reply per message: a second one is a replay
        return True
