# SPDX-License-Identifier: MIT
"""The timers of one peer (paper §6): told what happened, say what to do and when to ask again.

Packets are sealed and opened in C, which cannot call Python for each of them. C keeps four time
stamps, and a timer here is lazy: when its deadline comes, the stamps are read again, and it acts,
moves on, or stops. C speaks up by itself only when a stamp is set that no timer will look at.
An idle peer without persistent keepalive comes to rest: next_deadline() is None.

All times are milliseconds of the caller's monotonic clock, which starts at 1 or later.
"""

from .constants import (
    KEEPALIVE_TIMEOUT_MS,
    REKEY_ATTEMPT_TIME_MS,
    REKEY_TIMEOUT_MS,
    WIPE_AFTER_MS,
)

# What due() and review() ask for.
KEEPALIVE = 1  # send an empty packet
RETRY = 2  # send the initiation again
HANDSHAKE = 4  # start a new handshake
GIVE_UP = 8  # no reply for REKEY_ATTEMPT_TIME: drop what is staged
WIPE = 16  # forget all keys of the peer

_UNANSWERED_MS = KEEPALIVE_TIMEOUT_MS + REKEY_TIMEOUT_MS  # §6.5: the peer owed us a packet


class Timers:
    """jitter() returns 0 to REKEY_JITTER_MAX_MS; keepalive_ms 0 turns persistent keepalive off."""

    def __init__(self, jitter, keepalive_ms=0):
        self.jitter = jitter
        self.keepalive_ms = keepalive_ms
        self.attempts = 0  # initiations since the last handshake that succeeded
        self.started_ms = 0  # when this run of attempts was last asked for
        self.handshake_sent_ms = 0  # last initiation or response
        self.keepalive_sent_ms = 0
        self.heard_ms = 0  # last handshake made, or begun because the peer had gone silent
        self.silence_jitter_ms = jitter()
        self.acked_ms = 0  # the unacked stamp that was answered last
        self.is_watching = False
        self.retry_at_ms = None
        self.wipe_at_ms = None
        # Persistent keepalive opens the tunnel by itself: look at once.
        self.review_at_ms = 0 if keepalive_ms else None

    @property
    def is_retrying(self):
        """Is a handshake of ours under way?"""
        return self.retry_at_ms is not None

    def next_deadline(self):
        """When to call due() again, or None."""
        deadline = self.review_at_ms
        for other in (self.retry_at_ms, self.wipe_at_ms):
            if deadline is None or other is not None and other < deadline:
                deadline = other
        return deadline

    # What happened.

    def request(self, now_ms):
        """A new handshake is wanted. True: send an initiation now. Else it will come by RETRY."""
        # §6.4: a packet that somebody wants to send starts the 90 seconds anew.
        self.started_ms = now_ms
        if self.is_retrying:
            return False
        self.attempts = 0
        earliest_ms = self.handshake_sent_ms + REKEY_TIMEOUT_MS  # §6.1
        if not self.handshake_sent_ms or earliest_ms <= now_ms:
            return True
        self.retry_at_ms = earliest_ms
        return False

    def initiation_sent(self, now_ms):
        """Expect the response before the next try, or the end of all tries."""
        self.attempts += 1
        self.handshake_sent_ms = now_ms
        end_ms = self.started_ms + REKEY_ATTEMPT_TIME_MS
        self.retry_at_ms = min(now_ms + REKEY_TIMEOUT_MS + self.jitter(), end_ms)

    def response_sent(self, now_ms):
        """We answered an initiation; the session is not confirmed yet."""
        self.handshake_sent_ms = now_ms
        self._session_made(now_ms)

    def response_received(self, now_ms):
        """Our handshake succeeded."""
        self._session_made(now_ms)
        self.confirmed()

    def confirmed(self):
        """A session works, ours or the peer's."""
        self.retry_at_ms = None
        self.attempts = 0

    def _session_made(self, now_ms):
        self.wipe_at_ms = now_ms + WIPE_AFTER_MS
        self.heard_ms = now_ms

    def keepalive_tried(self, now_ms):
        """An empty packet went out, or failed to: do not try again at once."""
        self.keepalive_sent_ms = now_ms

    def stop(self):
        """The peer is gone: no deadline is left."""
        self.retry_at_ms = self.review_at_ms = self.wipe_at_ms = None

    # What to do.

    def due(self, now_ms):
        """Return RETRY, GIVE_UP, WIPE as their time has come. The caller acts, then reviews."""
        actions = 0
        if _reached(self.wipe_at_ms, now_ms):
            self.wipe_at_ms = None
            actions |= WIPE
        if _reached(self.retry_at_ms, now_ms):
            self.retry_at_ms = None
            actions |= self._retry_or_give_up(now_ms)
        return actions

    def _retry_or_give_up(self, now_ms):
        if now_ms - self.started_ms < REKEY_ATTEMPT_TIME_MS:
            return RETRY
        if self.wipe_at_ms is None:  # kernel, timers.c: leave nothing of a half-done exchange
            self.wipe_at_ms = now_ms + WIPE_AFTER_MS
        return GIVE_UP

    def needs_review(self, now_ms):
        """Has the time come to read the stamps?"""
        return _reached(self.review_at_ms, now_ms)

    def review(self, stamps, now_ms):
        """Return KEEPALIVE, HANDSHAKE as the stamps demand, and set the next time to look.

        stamps: C's (unanswered_since, unacked_since, last_sent, last_received), 0 = none.
        `is_watching` then says whether C may keep quiet about the next stamp. Acting changes the
        stamps: call again after it. The second call never asks for the same thing.
        """
        unanswered_ms, unacked_ms, sent_ms, received_ms = stamps
        self.review_at_ms = None
        # Without keys the next packet asks for a handshake anyhow.
        silent = unanswered_ms and self.wipe_at_ms is not None
        unacked = unacked_ms > self.acked_ms
        actions = 0
        if silent:
            actions = self._review_silence(unanswered_ms, sent_ms, now_ms)
        if unacked and self._is_due(unacked_ms + KEEPALIVE_TIMEOUT_MS, now_ms):  # §6.5
            self.acked_ms = unacked_ms
            actions |= KEEPALIVE
        if self.keepalive_ms and not self.is_retrying:
            actions |= self._review_keepalive(sent_ms, received_ms, now_ms)
        self.is_watching = bool(silent or unacked)
        if self.is_watching:  # what comes meanwhile must be seen within 10 s: C says nothing
            self._is_due(now_ms + KEEPALIVE_TIMEOUT_MS, now_ms)
        return actions

    def _review_silence(self, unanswered_ms, sent_ms, now_ms):
        """§6.5: a peer that gets data answers within 10 s, if only by a keepalive."""
        wait_ms = _UNANSWERED_MS + self.silence_jitter_ms
        due = self._is_due(max(unanswered_ms, self.heard_ms) + wait_ms, now_ms)
        if unanswered_ms < self.heard_ms:
            # The stamp was dealt with, and C keeps the first one only. Does data still go out?
            due = due and self.heard_ms < sent_ms != self.keepalive_sent_ms
        if not due:
            return 0
        self.heard_ms = now_ms
        self.silence_jitter_ms = self.jitter()
        return HANDSHAKE

    def _review_keepalive(self, sent_ms, received_ms, now_ms):
        last_ms = max(
            sent_ms, received_ms, self.handshake_sent_ms, self.heard_ms, self.keepalive_sent_ms
        )
        deadline_ms = last_ms + self.keepalive_ms if last_ms else 0
        return KEEPALIVE if self._is_due(deadline_ms, now_ms) else 0

    def _is_due(self, deadline_ms, now_ms):
        """Has it come? If not, look again then."""
        if deadline_ms <= now_ms:
            return True
        if self.review_at_ms is None or deadline_ms < self.review_at_ms:
            self.review_at_ms = deadline_ms
        return False


def _reached(deadline_ms, now_ms):
    return deadline_ms is not None and deadline_ms <= now_ms
