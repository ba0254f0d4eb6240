# SPDX-License-Identifier: MIT
"""Outer datagrams that Python writes, on their way: what finds no underlay is tried again.

The underlay may come late (DHCP, a modem), go (cable out) and come back as another one.
"""

RETRY_MIN_MS = 250
RETRY_MAX_MS = 5000
# A handshake message that waited for longer is not worth sending: its time stamp and its timers
# are those of a try that is over (REKEY_TIMEOUT).
STALE_MS = 5000


class Sender:
    """netif: send(datagram, address, port) -> bool."""

    def __init__(self, netif):
        self._netif = netif
        self._unsent = []
        self._pause_ms = RETRY_MIN_MS
        self._retry_at_ms = None
        self.stuck_since_ms = None  # nothing could be sent since

    def send(self, outbox, now_ms):
        """Send all of `outbox` and empty it. True: the underlay is back after a long absence, and
        new handshakes are worth more than what waited."""
        if outbox:  # newer messages make the unsent ones worthless
            self._unsent = list(outbox)
            outbox.clear()
        waiting = self._unsent
        if not waiting:
            return False
        self._unsent = [item for item in waiting if not self._netif.send(*item)]
        if self._unsent:
            self._wait(now_ms)
            return False
        stuck_ms = 0 if self.stuck_since_ms is None else now_ms - self.stuck_since_ms
        self.stuck_since_ms = self._retry_at_ms = None
        self._pause_ms = RETRY_MIN_MS
        return stuck_ms >= STALE_MS

    def _wait(self, now_ms):
        if self.stuck_since_ms is None:
            self.stuck_since_ms = now_ms
        if self._retry_at_ms is None or now_ms >= self._retry_at_ms:
            # lwIP wakes us when an underlay comes up; this is for ports where it does not.
            self._retry_at_ms = now_ms + self._pause_ms
            self._pause_ms = min(2 * self._pause_ms, RETRY_MAX_MS)

    def next_deadline(self):
        """When to call send() again, or None."""
        return self._retry_at_ms
