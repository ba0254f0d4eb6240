# SPDX-License-Identifier: MIT
"""The host's half of provisioning: JSON lines with a deadline each (docs/PROVISIONING.md)."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from wgprov import keys
from wgprov.errors import BoardError, InputError, RefusedError, printable
from wgprov.lines import REPLY_MAX_BYTES, Frames, Lines, Wire
from wgprov.patience import FACTOR

PROTOCOL_OLDEST = 1
PROTOCOL_NEWEST = 2
REPLY_TIMEOUT_S = 3.0 * FACTOR
OLD_TIMEOUT_S = 10.0 * FACTOR  # protocol 1 has no word for "still at work"
STEP_MOST_S = 20.0 * FACTOR  # the longest step that a board may announce
REQUEST_MOST_S = 60.0 * FACTOR  # with all the steps that it says it is at work on


class Session:
    """Requests to an agent that is already serving on `wire`."""

    def __init__(self, wire: Wire, framed: bool = False) -> None:
        self._lines: Lines = Frames(wire) if framed else Lines(wire)
        self._paired = False
        self.lock_key: bytearray | None = None  # opens a locked board; the caller wipes it
        # Of two runs after each other: what the board remembers is of the first one.
        self._id = secrets.randbelow(1 << 20) if framed else 0
        self._line_max_bytes = 4096
        self._protocol = PROTOCOL_OLDEST  # until hello() has agreed on a newer one

    @property
    def port(self) -> str:
        return self._lines.port

    def hello(self, unlocking: bool = True) -> dict[str, Any]:
        """Who answers; agrees on the newest protocol that both speak, or refuses. A locked board is
        opened for this session, if there is a key for it."""
        try:
            reply: dict[str, Any] = self.request(
                "hello", protocol=[PROTOCOL_OLDEST, PROTOCOL_NEWEST]
            )
        except RefusedError as error:
            raise (_other_protocol(error.reason) if error.field == "protocol" else error) from None
        protocol = reply.get("protocol")
        known = range(PROTOCOL_OLDEST, PROTOCOL_NEWEST + 1)
        if not isinstance(protocol, int) or protocol not in known:
            raise _other_protocol(printable(protocol))
        self._protocol = protocol
        if reply.get("pairing") is True and not self._paired:
            raise BoardError(
                "the board asks for its pairing code: --pairing-code - (it shows one with "
                "wireguard.pair())"
            )
        line_max_bytes = reply.get("line_max_bytes")
        if isinstance(line_max_bytes, int) and line_max_bytes > 0:
            self._line_max_bytes = min(line_max_bytes, REPLY_MAX_BYTES)
        names = reply.get("names")
        reply["names"] = [printable(n, 20) for n in names] if isinstance(names, list) else []
        if unlocking and reply.get("locked") is True and self.lock_key is not None:
            self.unlock()
        return reply

    def unlock(self, remove: bool = False) -> None:
        """Prove that we have the lock's key: for this session, or to remove the lock for good."""
        from wgprov import locking

        assert self.lock_key is not None
        challenge = self.request("unlock").get("challenge")
        proof = locking.proof(self.lock_key, challenge)
        self.request("unlock", proof=proof, remove=remove)

    def lock(self, key: bytearray) -> None:
        """Lock the board with the public half of a key."""
        from wgprov import locking

        self.request("lock", public_key=locking.public_key(key))

    def pair(self, psk: bytearray) -> None:
        """From here on, only who has the code reads what is said, or changes it unnoticed."""
        from wgprov.pairing import Handshake

        offer = self._offer()
        handshake = Handshake(psk, offer)
        answer = self.request("pair", message=handshake.message())
        self._lines = handshake.finish(answer, self._lines)
        self._paired = True

    def _offer(self) -> dict[str, Any]:
        try:
            offer: dict[str, Any] = self.request("pair")
        except RefusedError as error:
            if error.field == "op":
                raise BoardError("the board's module is too old for pairing: update it") from None
            if error.field != "record":
                raise
            offer = self.request("pair")  # what it refused was the end of an earlier conversation
        return offer

    def request(self, operation: str, **fields: Any) -> Any:
        """Send one request and return its reply; raises RefusedError when the board says no."""
        self._id += 1
        line = json.dumps({"op": operation, "id": self._id, **fields}).encode()
        if len(line) > self._line_max_bytes:
            raise BoardError(
                f"{operation}: {len(line)} bytes, the board takes {self._line_max_bytes}: "
                "use fewer peers or AllowedIPs"
            )
        self._lines.send(line)
        return self._reply(operation)

    def secret(self, secret: bytearray) -> Any:
        """Send the secret that the last reply asked for; the reply belongs to the same request."""
        line = keys.secret_line(secret)
        try:
            self._lines.send(line)
        finally:
            keys.wipe(line)
        return self._reply("prepare")

    def bye(self) -> None:
        """End the conversation; wipes what was kept of it."""
        try:
            self.request("bye")
        finally:
            self._lines.forget()

    def _reply(self, operation: str) -> dict[str, Any]:
        patience_s = self._patience_s(operation)
        now = time.monotonic()
        deadline, end = now + patience_s, now + REQUEST_MOST_S
        while True:
            reply = self._parsed(self._lines.receive(operation, patience_s, deadline))
            if reply is None:
                continue
            if "error" in reply:
                raise RefusedError(reply["error"], reply.get("field"))
            if "working" not in reply:
                return reply
            patience_s = _announced_s(reply.get("most_ms"))
            deadline = min(time.monotonic() + patience_s, end)

    def _patience_s(self, operation: str) -> float:
        old = self._protocol < 2 and operation not in ("hello", "pair", "bye")
        return OLD_TIMEOUT_S if old else REPLY_TIMEOUT_S

    def _parsed(self, line: bytes) -> dict[str, Any] | None:
        """A reply to the present request; None for anything else that a board may print."""
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(reply, dict):
            return None
        # An agent that could not read a request cannot know its number.
        if reply.get("id") != self._id and not (reply.get("id") is None and "error" in reply):
            return None
        return reply


def _announced_s(most_ms: Any) -> float:
    """How long to wait for the next word of a board that is at work."""
    if isinstance(most_ms, int) and most_ms > 0:
        return max(REPLY_TIMEOUT_S, min(most_ms / 1000 * FACTOR, STEP_MOST_S))
    return REPLY_TIMEOUT_S


def _other_protocol(spoken: str) -> BoardError:
    return BoardError(
        f"the wireguard module on the board speaks protocol {spoken}, "
        f"this wgprov {PROTOCOL_OLDEST} to {PROTOCOL_NEWEST}: update the older one"
    )


def choose(name: str | None, names: list[str]) -> str:
    """`name`, or the only interface that the board has."""
    has = ", ".join(names) or "none"
    if name is None and len(names) == 1:
        return names[0]
    if name is None:
        raise InputError(f"which interface? The board has: {has}")
    if name not in names:
        raise BoardError(f"the board has no interface {name} (it has: {has})")
    return name
