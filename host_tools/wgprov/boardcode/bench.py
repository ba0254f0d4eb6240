# SPDX-License-Identifier: MIT
# What `wgprov bench` runs on a board, after tunnel_clock.py and tunnel_ping.py.
# ruff: noqa: F821 (the clock is in tunnel_clock.py)
import gc
import time

import _wireguard
from wireguard.core import noise

MIN_US = 300000  # a measurement lasts this long at least: ticks and interrupts drown in it
COUNT_MAX = 4096
LONG, SHORT = bytes(1420), bytes(64)
TIMESTAMP = bytes(12)


def nothing():
    pass


def timed(call, least_us=MIN_US):
    # Microseconds of one call, and of how many calls that is the mean.
    count = 1
    while True:
        gc.collect()
        start = time.ticks_us()
        for _ in range(count):
            call()
        took = time.ticks_diff(time.ticks_us(), start)
        if took >= least_us or count >= COUNT_MAX:
            return took / count, count
        count = min(COUNT_MAX, max(count + 1, count * least_us // max(took, 1) + 1))


class Pair:
    # Two ends of a handshake on this one board.

    def __init__(self):
        self.ours, self.theirs = (_wireguard.PrivateKey.generate() for _ in range(2))
        self.our_public = self.ours.public_key()
        self.their_public = self.theirs.public_key()
        self.left = noise.Initiator(_wireguard, self.ours, self.our_public, self.their_public)

    def first(self):
        self.message = self.left.initiate(TIMESTAMP)

    def answer(self):
        ephemeral, static, stamp = self.message
        self.right = noise.Responder(_wireguard, self.theirs, self.their_public)
        self.right.read_static(ephemeral, static)
        self.right.read_timestamp(stamp)
        self.reply = self.right.respond(None)

    def finish(self):
        if self.left.finish(self.reply[0], self.reply[1], None) is None:
            raise ValueError("the handshake failed")

    def session(self):
        self.first()
        self.answer()
        self.finish()
        self.right.split(2, 1, 1).wipe()
        return self.left.split(1, 2, 1)

    def wipe(self):
        self.left.wipe()
        self.ours.wipe()
        self.theirs.wipe()


def begin():
    # What the measurements share, and what board this is.
    global pair, session, overhead_us
    pair = Pair()
    session = pair.session()
    overhead_us = timed(nothing, MIN_US // 10)[0]
    try:
        import machine

        clock_hz = machine.freq()
    except (ImportError, AttributeError):
        clock_hz = 0
    return {"clock_hz": clock_hz if isinstance(clock_hz, int) else 0}  # 0: it does not tell


def end():
    session.wipe()
    pair.wipe()


def measure(name):
    call = {
        "x25519": pair.ours.public_key,
        "blake2s_64": lambda: _wireguard.blake2s(SHORT),
        "blake2s_1420": lambda: _wireguard.blake2s(LONG),
        "seal_64": lambda: session.seal(SHORT),
        "seal_1420": lambda: session.seal(LONG),
    }[name]
    us, count = timed(call)
    return {"us": max(us - overhead_us, 0), "count": count}


def once(call):
    gc.collect()
    start = time.ticks_us()
    call()
    return time.ticks_diff(time.ticks_us(), start)


def handshake():
    # Each side's part, without a network: microseconds.
    mine, theirs = 0, 0
    fresh = Pair()
    mine += once(fresh.first)
    theirs += once(fresh.answer)
    mine += once(fresh.finish)
    fresh.right.wipe()
    fresh.wipe()
    return {"initiator_us": mine, "responder_us": theirs}


def reconnect(name, wait_ms):
    # A new handshake with the first peer: ms from its first message to the session, by the log.
    import wireguard
    from wireguard import log

    wg = wireguard.WireGuard(name)
    before = log.latest
    wg.disconnect()
    wg.connect()
    start = ticks_ms()
    while ticks_diff(ticks_ms(), start) < wait_ms:
        sent = None
        for entry in log.after(before):
            if entry[log.NAME] == name and entry[log.EVENT] == "initiation_sent":
                sent = entry
            elif sent and entry[log.KEY] == sent[log.KEY] and entry[log.EVENT] == "response_taken":
                return entry[log.AT_MS] - sent[log.AT_MS]
        sleep_ms(20)
    return None
