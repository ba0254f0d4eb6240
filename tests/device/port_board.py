# SPDX-License-Identifier: MIT
# What a board is made of: clock, memory, random numbers, interrupts, faults.
import gc
import hashlib
import os
import time

import machine
import micropython
import uctypes


def clock():
    """Milliseconds and microseconds must be the same clock, and never go back."""
    ms, us = time.ticks_ms(), time.ticks_us()
    last = us
    for _ in range(2000):
        now = time.ticks_us()
        if time.ticks_diff(now, last) < 0:
            raise ValueError("the clock went back")
        last = now
    time.sleep_ms(50)
    ms = time.ticks_diff(time.ticks_ms(), ms)
    us = time.ticks_diff(time.ticks_us(), us)
    return ms, us


def year():
    return time.localtime()[0]


def random_pair():
    return os.urandom(32), os.urandom(32)


def heap_bytes():
    gc.collect()
    return gc.mem_free() + gc.mem_alloc()


def big_garbage():
    """Enough to make the collector run many times while something live must stay."""
    live = [bytes([n]) * 100 for n in range(100)]
    digest = hashlib.sha256(b"".join(live)).digest()
    for n in range(3000):
        bytearray(1000 + n % 7)
    return digest == hashlib.sha256(b"".join(live)).digest()


def deep(n=0):
    return deep(n + 1)


def recursion():
    try:
        deep()
    except RuntimeError:
        return True


def scheduled():
    """An interrupt-level callback reaches Python while it sleeps."""
    seen = []
    micropython.schedule(seen.append, 7)
    time.sleep_ms(1)
    return seen


def rtc():
    machine.RTC().datetime((2031, 2, 3, 0, 4, 5, 6, 0))
    return time.localtime()[:5]


def read_word(address):
    """A 32-bit load at any address, as C code would do it."""
    return uctypes.struct(address, {"word": uctypes.UINT32 | 0}, uctypes.NATIVE).word


def unaligned():
    data = bytearray(range(16))
    return read_word((uctypes.addressof(data) & ~3) + 5)
