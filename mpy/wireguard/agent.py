# SPDX-License-Identifier: MIT
"""The board's half of provisioning: one JSON line in, one JSON line out (docs/PROVISIONING.md).

wgprov starts it over the raw REPL with `from wireguard import agent; agent.serve()`. It ends at
{"op": "bye"}, at Ctrl-C, at the end of the stream, or when nothing came for IDLE_MS. A program can
start it on a serial line of its own, without a REPL: `listen()`.

Secrets never travel in JSON: `prepare` says which it will be sent, and each comes as one line of
its own, "BASE64 CHECK", read into a bytearray that is zeroed. Every line gets one reply; an error
is {"error": reason, "field": path or null} and changes nothing that is in force.
"""

import json
import sys

import wireguard.config as _config
import wireguard.lines as lines
import wireguard.report as report
import wireguard.store as store
from wireguard.operations import Operations

PROTOCOL_OLDEST = 1
PROTOCOL_NEWEST = 2
IDLE_MS = 60000
KEY_BYTES = 32


def serve(stdin=None, stdout=None, root=store.ROOT, idle_ms=IDLE_MS):
    """Answer requests until told to stop. Streams are binary; the defaults are the REPL's own."""
    stdin = stdin or sys.stdin.buffer
    stdout = stdout or sys.stdout.buffer
    _interrupt(-1)  # a Ctrl-C in the middle of a write must reach us as a byte, not as an exception
    try:
        Agent(lines.Lines(stdin, stdout, idle_ms), root).run()
    finally:
        _interrupt(lines.CTRL_C)


def listen(stdin=None, stdout=None, root=store.ROOT, limit_ms=None):
    """Answer framed requests on a serial line without a REPL: from main.py, on a UART.

    Returns when nothing came for `limit_ms` (None: never). On the REPL's own streams, which are the
    default, Ctrl-C ends it too.
    """
    import wireguard.frames as frames

    own = stdin is None
    stdin = stdin or sys.stdin.buffer
    stdout = stdout or (sys.stdout.buffer if own else stdin)
    wire = frames.Frames(stdin, stdout, IDLE_MS, ctrl_c=own)
    _interrupt(-1)
    try:
        _listen(wire, root, limit_ms)
    finally:
        _interrupt(lines.CTRL_C)


def _listen(wire, root, limit_ms):
    quiet_ms = 0
    while not wire.over and (limit_ms is None or quiet_ms < limit_ms):
        ended = Agent(wire, root).run()  # nothing of one conversation is left to the next
        quiet_ms = 0 if ended else quiet_ms + IDLE_MS


class Agent:
    """One conversation. Nothing survives it but the files."""

    def __init__(self, wire, root):
        self._wire = wire
        self._root = root
        self._protocol = PROTOCOL_OLDEST  # until a `hello` agrees on a newer one
        self._request_id = None
        self._operations = Operations(root, self._working)

    def run(self):
        """Answer until `bye` (then True) or until nothing comes any more."""
        try:
            while True:
                length = self._wire.read()
                if length is None:
                    return False
                reply = self._answer(length)
                self._wire.write(json.dumps(reply).encode())
                if reply.get("op") == "bye":
                    return True
        finally:
            self._operations.forget()
            self._wire.wipe()

    def _answer(self, length):
        try:
            reply = self._reply(length)
            reply["ok"] = True
        except _config.Bad as error:
            reply = {"error": error.reason, "field": error.field}
        except Exception as error:
            self._operations.forget()
            reply = {"error": report.reason(error), "field": None}
        reply["id"] = self._request_id
        return reply

    def _reply(self, length):
        whole = length <= len(self._wire.buffer)
        if whole and self._operations.pending and not self._wire.is_json():
            return self._secret(length)  # which belongs to the request before it
        self._operations.forget()
        self._request_id = None
        if not whole:
            raise _config.Bad("line", "longer than %d bytes" % len(self._wire.buffer))
        request = self._request(length)
        self._request_id = _id(request)
        return self._dispatch(request)

    def _secret(self, length):
        secret = bytearray(KEY_BYTES)
        try:
            good = self._wire.secret(length, secret)
            return self._operations.take(secret if good else None)
        finally:
            lines.wipe(secret)
            self._wire.wipe(length)

    def _working(self, most_ms=None):
        """Between two steps that take a while: the host waits as long for the second one."""
        if self._protocol > 1:
            note = {"id": self._request_id, "working": True}
            if most_ms:
                note["most_ms"] = most_ms
            self._wire.write(json.dumps(note).encode())

    def _request(self, length):
        try:
            request = json.loads(self._wire.text(length))
        except Exception:
            request = None
        if not isinstance(request, dict):
            raise _config.Bad("line", "not a JSON object")
        return request

    def _dispatch(self, request):
        name = request.get("op")
        if name == "hello":
            return self._hello(request)
        if name == "bye":
            return {"op": "bye"}
        return self._operations.run(name, request)

    def _hello(self, request):
        self._protocol = _common(request.get("protocol", [1, 1]))
        reply = report.board()
        reply["protocol"] = self._protocol
        reply["protocols"] = [PROTOCOL_OLDEST, PROTOCOL_NEWEST]
        reply["names"] = store.names(self._root)
        reply["line_max_bytes"] = len(self._wire.buffer)
        reply["peers_max"] = _config.PEERS_MAX
        return reply


def _common(spoken):
    """The newest protocol that both speak, by the [oldest, newest] of the host."""
    good = isinstance(spoken, list) and len(spoken) == 2
    if not good or not all(isinstance(number, int) for number in spoken):
        raise _config.Bad("protocol", "must be [oldest, newest]")
    newest = min(spoken[1], PROTOCOL_NEWEST)
    if newest < max(spoken[0], PROTOCOL_OLDEST):
        raise _config.Bad("protocol", "%d to %d here" % (PROTOCOL_OLDEST, PROTOCOL_NEWEST))
    return newest


def _id(request):
    """What the reply echoes, so that the host can tell it from older replies and other prints."""
    number = request.get("id")
    return number if isinstance(number, int) else None


def _interrupt(char):
    try:
        import micropython

        micropython.kbd_intr(char)
    except (ImportError, AttributeError):
        pass
