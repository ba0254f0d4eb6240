# SPDX-License-Identifier: MIT
"""The host's half of provisioning: JSON lines with a deadline each (docs/PROVISIONING.md)."""

from __future__ import annotations

import json
import time
from typing import Any, Protocol

from wgprov import keys
from wgprov.errors import BoardError, InputError, PortError, printable
from wgprov.patience import FACTOR

PROTOCOL = 1
REPLY_TIMEOUT_S = 3.0 * FACTOR
# prepare and commit: X25519 in C on a slow core, flash, and the tunnel
WRITE_TIMEOUT_S = 10.0 * FACTOR
REPLY_MAX_BYTES = 65536
CHUNK_BYTES = 128  # a serial port without flow control has a receive buffer of about 256
CHUNK_PAUSE_S = 0.01
END_OF_OUTPUT = b"\x04"


class Wire(Protocol):
    """A byte stream to a board. Every call is bounded; a broken one raises PortError."""

    name: str

    def read(self) -> bytes:
        """What has come, b"" after a short while without anything."""

    def write(self, data: bytes | bytearray | memoryview) -> None: ...


class Session:
    """Requests to an agent that is already serving on `wire`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._pending = bytearray()
        self._id = 0
        self._line_max_bytes = 4096

    @property
    def port(self) -> str:
        return self._wire.name

    def hello(self) -> dict[str, Any]:
        """Who answers; refuses a module that speaks another protocol."""
        reply: dict[str, Any] = self.request("hello")
        if reply.get("protocol") != PROTOCOL:
            raise BoardError(
                f"the wireguard module on the board ({printable(reply.get('version'))}) speaks "
                f"protocol {printable(reply.get('protocol'))}, this wgprov speaks {PROTOCOL}: "
                "update the older one"
            )
        line_max_bytes = reply.get("line_max_bytes")
        if isinstance(line_max_bytes, int) and line_max_bytes > 0:
            self._line_max_bytes = min(line_max_bytes, REPLY_MAX_BYTES)
        names = reply.get("names")
        reply["names"] = [printable(n, 20) for n in names] if isinstance(names, list) else []
        return reply

    def request(self, operation: str, timeout_s: float = REPLY_TIMEOUT_S, **fields: Any) -> Any:
        """Send one request and return its reply; raises BoardError when the board says no."""
        self._id += 1
        line = json.dumps({"op": operation, "id": self._id, **fields}).encode() + b"\n"
        if len(line) > self._line_max_bytes:
            raise BoardError(
                f"{operation}: {len(line)} bytes, the board takes {self._line_max_bytes}: "
                "use fewer peers or AllowedIPs"
            )
        self._send(line)
        return self._reply(operation, timeout_s)

    def secret(self, secret: bytearray) -> Any:
        """Send the secret that the last reply asked for; the reply belongs to the same request."""
        line = keys.secret_line(secret)
        try:
            self._send(line)
        finally:
            keys.wipe(line)
        return self._reply("prepare", WRITE_TIMEOUT_S)

    def bye(self) -> None:
        self.request("bye")

    def _send(self, line: bytes | bytearray) -> None:
        view = memoryview(line)
        for start in range(0, len(line), CHUNK_BYTES):
            if start:
                time.sleep(CHUNK_PAUSE_S)
            self._wire.write(view[start : start + CHUNK_BYTES])

    def _reply(self, operation: str, timeout_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while True:
            reply = self._parsed(self._line(operation, timeout_s, deadline))
            if reply is None:
                continue
            if "error" in reply:
                where = reply.get("field")
                text = f"{printable(where)}: " if where else ""
                raise BoardError(f"the board refuses: {text}{printable(reply['error'])}")
            return reply

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

    def _line(self, operation: str, timeout_s: float, deadline: float) -> bytes:
        while b"\n" not in self._pending:
            if END_OF_OUTPUT in self._pending:
                raise PortError(
                    f"{self.port}: the board left provisioning during `{operation}`: run it again"
                )
            if time.monotonic() > deadline:
                raise PortError(
                    f"{self.port}: no answer to `{operation}` within {timeout_s:g} s: "
                    "check the cable, reset the board, run it again"
                )
            if len(self._pending) > REPLY_MAX_BYTES:
                raise PortError(f"{self.port}: what answers is not wgprov's agent (endless line)")
            self._pending += self._wire.read()
        line, _, rest = self._pending.partition(b"\n")
        self._pending = bytearray(rest)
        return bytes(line)


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
