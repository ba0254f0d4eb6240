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
import wireguard.lock as lock
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
    lines.interrupt(
        -1
    )  # a Ctrl-C in the middle of a write must reach us as a byte, not as an exception
    try:
        Agent(lines.Lines(stdin, stdout, idle_ms), root).run()
    finally:
        lines.interrupt(lines.CTRL_C)


def listen(stdin=None, stdout=None, root=store.ROOT, limit_ms=None, pairing=False):
    """Answer framed requests on a serial line without a REPL: from main.py, on a UART.

    Returns when nothing came for `limit_ms` (None: never). On the REPL's own streams, which are the
    default, Ctrl-C ends it too. With `pairing` only a host that has the code of wireguard.pair() is
    served.
    """
    import wireguard.frames as frames

    own = stdin is None
    stdin = stdin or sys.stdin.buffer
    stdout = stdout or (sys.stdout.buffer if own else stdin)
    wire = frames.Frames(stdin, stdout, IDLE_MS, ctrl_c=own)
    lines.interrupt(-1)
    try:
        _listen(wire, root, limit_ms, pairing)
    finally:
        lines.interrupt(lines.CTRL_C)


def _listen(wire, root, limit_ms, pairing):
    quiet_ms = 0
    while not wire.over and (limit_ms is None or quiet_ms < limit_ms):
        ended = Agent(wire, root, pairing).run()  # nothing of one conversation is left to the next
        quiet_ms = 0 if ended else quiet_ms + IDLE_MS


class Agent:
    """One conversation. Nothing survives it but the files."""

    def __init__(self, wire, root, pairing=False):
        self._wire = wire
        self._must_pair = pairing
        self._pairing = None  # pairing.Pairing, once a host has asked for it
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
                self._send(reply)
                if reply.get("op") == "bye":
                    return True
                if reply.get("op") == "pair" and "message" in reply:
                    self._pairing.begin(self._wire)
        finally:
            self._operations.forget()
            if self._pairing:
                self._pairing.wipe()
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
        if whole and self._is_paired():
            length = self._unsealed(length)
        if whole and self._operations.pending and not self._wire.is_json():
            return self._secret(length)  # which belongs to the request before it
        self._operations.forget()
        self._request_id = None
        if not whole:
            raise _config.Bad("line", "longer than %d bytes" % lines.LINE_MAX_BYTES)
        request = self._request(length)
        self._request_id = _id(request)
        return self._dispatch(request)

    def _unsealed(self, length):
        if not self._pairing.confirmed and self._wire.is_json():
            self._pairing.wipe()  # a host that did not get our answer, or has another code
            return length
        try:
            return self._pairing.open(self._wire, length)
        except _config.Bad:
            self._operations.forget()
            self._request_id = None
            raise

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
            self._send(note)

    def _send(self, reply):
        data = json.dumps(reply).encode()
        self._wire.write(self._pairing.seal(data) if self._is_paired() else data)

    def _is_paired(self):
        return self._pairing is not None and self._pairing.is_open()

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
        if name == "pair":
            return self._pair(request)
        if name == "bye":
            return self._bye()
        if self._wants_code():
            raise _config.Bad("pair", "a pairing code is needed")
        return self._operations.run(name, request)

    def _hello(self, request):
        self._protocol = _common(request.get("protocol", [1, 1]))
        spoken = {"protocol": self._protocol, "protocols": [PROTOCOL_OLDEST, PROTOCOL_NEWEST]}
        if self._wants_code():
            spoken["pairing"] = True  # a stranger is told no more
            return spoken
        reply = report.board()
        reply.update(spoken)
        reply["names"] = store.names(self._root)
        reply["line_max_bytes"] = lines.LINE_MAX_BYTES
        reply["locked"] = lock.is_locked(self._root)
        reply["peers_max"] = _config.PEERS_MAX
        return reply

    def _wants_code(self):
        """Is a code needed that this host has not shown yet?"""
        pairing = sys.modules.get("wireguard.pairing")
        needed = self._must_pair or (pairing is not None and pairing.required)
        return needed and not self._is_paired()

    def _pair(self, request):
        """First an offer, then the answer to the host's message; from there on, records."""
        import wireguard.pairing as pairing

        if self._pairing is None:
            self._pairing = pairing.Pairing()
        if "message" not in request:
            return self._pairing.offer()
        reply = self._pairing.answer(request["message"])
        reply["op"] = "pair"
        return reply

    def _bye(self):
        if self._is_paired():
            import wireguard.pairing as pairing

            pairing.spend()
        return {"op": "bye"}


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
