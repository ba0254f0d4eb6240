# SPDX-License-Identifier: MIT
"""TAI64N time stamps that never go back, with or without a clock (paper §5.1).

A peer takes an initiation only if its time stamp is greater than all before. A board without a
clock must therefore remember across resets how far it has counted. Writing that down for each
handshake would wear out the flash, so a high-water mark is reserved ahead: every value up to the
mark may be used without a write, and after a reset counting goes on above the mark.

The count is in milliseconds. Without a clock it goes up by one for each time stamp; with a clock
it follows the clock, when that is ahead. One mark lasts 65,536 time stamps, or one hour of clock:
that is one write per start, and then at most one in an hour.
"""

_STEPS_RESERVED = 65_536
_CLOCK_RESERVED_MS = 3_600_000

# A clock outside these is not set, or not a clock. Unix milliseconds: 2024-01-01, 2100-01-01.
CLOCK_MIN_MS = 1_704_067_200_000
CLOCK_MAX_MS = 4_102_444_800_000

# TAI64 label of the Unix epoch, 1970-01-01 00:00:10 TAI.
_EPOCH_LABEL = (1 << 62) + 10


def pack(count_ms):
    """Return the 12 bytes for milliseconds since 1970."""
    seconds, rest_ms = divmod(count_ms, 1000)
    return (_EPOCH_LABEL + seconds).to_bytes(8, "big") + (rest_ms * 1_000_000).to_bytes(4, "big")


class Timestamps:
    """Call the object for the next time stamp.

    load() returns the mark stored last, 0 if there never was one.
    store(mark) returns only when the mark will survive a power cut. What it raises is passed on,
    and that time stamp has not been used.
    wall() returns Unix milliseconds, or None when it does not know.
    """

    def __init__(self, load, store, wall=None):
        self.store = store
        self.wall = wall
        self.mark_ms = load()
        self.last_ms = self.mark_ms  # everything up to the mark may have been used before

    @property
    def follows_clock(self):
        """Is the last time stamp one of a clock that was set? A board without one counts on from
        its mark, which may be far behind what another device has used with the same key."""
        return self.last_ms >= CLOCK_MIN_MS

    def __call__(self):
        count_ms = self.last_ms + 1
        clock_ms = self._clock_ms()
        ahead = clock_ms > count_ms
        if ahead:
            count_ms = clock_ms
        if count_ms > self.mark_ms:
            self._reserve(count_ms + (_CLOCK_RESERVED_MS if ahead else _STEPS_RESERVED))
        self.last_ms = count_ms
        return pack(count_ms)

    def _clock_ms(self):
        clock_ms = self.wall() if self.wall else None
        if clock_ms is None or not CLOCK_MIN_MS <= clock_ms < CLOCK_MAX_MS:
            return 0
        return clock_ms

    def _reserve(self, mark_ms):
        self.store(mark_ms)
        self.mark_ms = mark_ms
