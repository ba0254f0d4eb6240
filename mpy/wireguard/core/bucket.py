# SPDX-License-Identifier: MIT
"""A token bucket: one token comes each interval_ms, and at most `burst` are kept."""


class Bucket:
    """Full at first. The level is counted in milliseconds: a token is worth interval_ms."""

    def __init__(self, interval_ms, burst, now_ms):
        self.interval_ms = interval_ms
        self.most_ms = interval_ms * burst
        self.level_ms = self.most_ms
        self.at_ms = now_ms

    def take(self, now_ms):
        """Take a token. False: there is none."""
        self.level_ms = min(self.most_ms, self.level_ms + now_ms - self.at_ms)
        self.at_ms = now_ms
        if self.level_ms < self.interval_ms:
            return False
        self.level_ms -= self.interval_ms
        return True
