# SPDX-License-Identifier: MIT
# Sent ahead of the other tunnel_*.py files, which then run on MicroPython and CPython alike.
import time

try:
    from time import sleep_ms, ticks_diff, ticks_ms
except ImportError:

    def ticks_ms():
        return time.monotonic_ns() // 1000000

    def ticks_diff(a, b):
        return a - b

    def sleep_ms(ms):
        time.sleep(ms / 1000)


def seconds_since(start):
    # A timer that ticks once in 1 ms cannot tell less than that.
    return max(ticks_diff(ticks_ms(), start), 1) / 1000
