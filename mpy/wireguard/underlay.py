# SPDX-License-Identifier: MIT
"""What RawLink needs of the two Pythons: a clock, time stamps, a UDP socket and its addresses."""

import socket
import time

from .core import allowedips
from .core.tai64n import CLOCK_MIN_MS, Timestamps
from .wall import wall_ms


class Clock:
    """Milliseconds that only go up, from 1. MicroPython's own count wraps after days."""

    def __init__(self):
        self._total_ms = 1
        self._last = self._ticks()

    def __call__(self):
        now = self._ticks()
        if hasattr(time, "ticks_diff"):
            self._total_ms += time.ticks_diff(now, self._last)
        else:
            self._total_ms += now - self._last
        self._last = now
        return self._total_ms

    @staticmethod
    def _ticks():
        if hasattr(time, "ticks_ms"):
            return time.ticks_ms()
        return time.monotonic_ns() // 1000000


def timestamps(mark):
    """The tunnel's time stamps; OSError where they could go back: no mark, and no clock."""
    if mark is not None:
        return Timestamps(mark.load, mark.store, wall_ms)
    if wall_ms() < CLOCK_MIN_MS:
        raise OSError("the clock is not set: set it, or give RawLink a mark (wireguard.store.Mark)")
    return Timestamps(lambda: 0, lambda mark_ms: None, wall_ms)


def udp_socket(family, port):
    """A socket that never waits, at the port; 0: any."""
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.bind(socket.getaddrinfo("0.0.0.0" if family == socket.AF_INET else "::", port)[0][-1])
    except OSError:
        made.close()
        raise OSError("UDP port %d cannot be used" % port)
    return made


def from_sockaddr(source):
    """(address bytes, port) of what recvfrom() and getaddrinfo() of the two Pythons give."""
    if isinstance(source, (bytes, bytearray)):
        decoded = socket.sockaddr(source)
        return decoded[1], decoded[2]
    return allowedips.parse_address(source[0]), source[1]
