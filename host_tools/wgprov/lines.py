# SPDX-License-Identifier: MIT
"""Lines to and from a board, each with a deadline: plain ones for an agent that was started over
the raw REPL, and ones with a checksum for an agent on a serial line of its own."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Protocol

from wgprov.errors import PortError
from wgprov.keys import CHECK_BYTES, wipe
from wgprov.patience import FACTOR

REPLY_MAX_BYTES = 65536
CHUNK_BYTES = 128  # a serial port without flow control has a receive buffer of about 256
CHUNK_PAUSE_S = 0.01
END_OF_OUTPUT = b"\x04"
AGAIN_AFTER_S = 1.0 * FACTOR  # of silence: the line's end may be what was damaged
AGAIN_MAX = 4
SETTLE_S = 0.1
DAMAGED = "damaged on the way"


class SilenceError(PortError):
    """No line came in time."""


class Wire(Protocol):
    """A byte stream to a board. Every call is bounded; a broken one raises PortError."""

    name: str

    def read(self) -> bytes:
        """What has come, b"" after a short while without anything."""

    def write(self, data: bytes | bytearray | memoryview) -> None: ...


class Lines:
    """What the REPL's side of a serial port carries."""

    framed = False

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.pending = bytearray()

    @property
    def port(self) -> str:
        return self._wire.name

    def send(self, line: bytes | bytearray) -> None:
        """Send one line, which has no end yet."""
        whole = bytearray(line) + b"\n"
        try:
            self._write(whole)
        finally:
            wipe(whole)

    def receive(self, what: str, patience_s: float, deadline: float) -> bytes:
        """The next line, without its end; PortError after the deadline. `what` is for the words."""
        while (line := self._take()) is None:
            if END_OF_OUTPUT in self.pending and not self.framed:
                raise PortError(
                    f"{self.port}: the board left provisioning during `{what}`: run it again"
                )
            if time.monotonic() > deadline:
                raise SilenceError(
                    f"{self.port}: no answer to `{what}` within {patience_s:g} s: "
                    "check the cable, reset the board, run it again"
                )
            if len(self.pending) > REPLY_MAX_BYTES:
                raise PortError(f"{self.port}: what answers is not wgprov's agent (endless line)")
            self.pending += self._wire.read()
        return line

    def forget(self) -> None:
        """Wipe what is kept to be sent again."""

    def _take(self) -> bytes | None:
        line, end, rest = self.pending.partition(b"\n")
        if not end:
            return None
        self.pending = rest
        return bytes(line)

    def _write(self, whole: bytearray) -> None:
        view = memoryview(whole)
        for start in range(0, len(whole), CHUNK_BYTES):
            if start:
                time.sleep(CHUNK_PAUSE_S)
            self._wire.write(view[start : start + CHUNK_BYTES])


class Frames(Lines):
    """Lines with a checksum. What was damaged, either way, is sent again; the board carries out
    once what it gets twice."""

    framed = True

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._last = bytearray()

    def send(self, line: bytes | bytearray) -> None:
        self.forget()
        # The first byte ends whatever a glitch has left in the board's buffer.
        self._last = bytearray(b"\n") + line + b" " + check(line) + b"\n"
        self._write(self._last)

    def receive(self, what: str, patience_s: float, deadline: float) -> bytes:
        for _ in range(1 + AGAIN_MAX):
            line = self._whole(what, patience_s, deadline)
            if line is not None:
                return line
            self._write(self._last)
        raise PortError(
            f"{self.port}: the serial line damages what is sent: check cable and baud rate"
        )

    def forget(self) -> None:
        wipe(self._last)
        self._last = bytearray()

    def _whole(self, what: str, patience_s: float, deadline: float) -> bytes | None:
        """The next whole line, past what a program prints and what came damaged; None when ours
        was damaged, or the board is silent for a while."""
        quiet = min(deadline, time.monotonic() + AGAIN_AFTER_S)
        while True:
            try:
                line = unpack(super().receive(what, patience_s, quiet).rstrip(b"\r"))
            except SilenceError:
                if quiet == deadline:
                    raise
                return None
            if line is not None and not _says_damaged(line):
                return line
            if line is not None:  # once more, when it has said so for each part of what came
                quiet = min(deadline, time.monotonic() + SETTLE_S)


def check(line: bytes | bytearray) -> bytes:
    """The first bytes of the BLAKE2s, in hex: finds damage, not deceit."""
    return hashlib.blake2s(line).digest()[:CHECK_BYTES].hex().encode()


def unpack(line: bytes) -> bytes | None:
    """The line without its checksum, or None when it does not fit."""
    payload, _, found = line.rpartition(b" ")
    return payload if payload and found == check(payload) else None


def _says_damaged(line: bytes) -> bool:
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(reply, dict) and reply.get("id") is None and reply.get("error") == DAMAGED
