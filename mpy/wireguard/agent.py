# SPDX-License-Identifier: MIT
"""The board's half of provisioning: one JSON line in, one JSON line out (docs/PROVISIONING.md).

wgprov starts it over the raw REPL with `from wireguard import agent; agent.serve()`. It ends at
{"op": "bye"}, at Ctrl-C, at the end of the stream, or when nothing came for IDLE_MS.

Secrets never travel in JSON: `prepare` says which it will be sent, and each comes as one line of
its own, "BASE64 CHECK", read into a bytearray that is zeroed. Every line gets one reply; an error
is {"error": reason, "field": path or null} and changes nothing that is in force.
"""

import json
import os
import sys

import wireguard
import wireguard.config as _config
import wireguard.lines as lines
import wireguard.store as store
from wireguard.pending import Pending

PROTOCOL = 1
IDLE_MS = 60000
INTERFACES_MAX = 2  # WG_INTERFACES_MAX
KEY_BYTES = 32
_ENOSPC = 28


def serve(stdin=None, stdout=None, root=store.ROOT, idle_ms=IDLE_MS):
    """Answer requests until told to stop. Streams are binary; the defaults are the REPL's own."""
    stdin = stdin or sys.stdin.buffer
    stdout = stdout or sys.stdout.buffer
    _interrupt(-1)  # a Ctrl-C in the middle of a write must reach us as a byte, not as an exception
    try:
        Agent(stdin, stdout, root, idle_ms).run()
    finally:
        _interrupt(lines.CTRL_C)


class Agent:
    """One conversation. Nothing survives it but the files."""

    def __init__(self, stdin, stdout, root, idle_ms):
        self._lines = lines.Lines(stdin, idle_ms)
        self._stdout = stdout
        self._root = root
        self._pending = None  # a prepare that waits for its secrets

    def run(self):
        try:
            while True:
                length = self._lines.read()
                if length is None:
                    return
                reply = self._answer(length)
                self._write(reply)
                if reply.get("op") == "bye":
                    return
        finally:
            self._forget()
            self._lines.wipe(lines.LINE_MAX_BYTES)

    def _answer(self, length):
        request_id = None
        try:
            if length > lines.LINE_MAX_BYTES:
                self._forget()
                raise _config.Bad("line", "longer than %d bytes" % lines.LINE_MAX_BYTES)
            if self._pending and self._lines.buffer[0] != 0x7B:  # "{" is never base64
                request_id = self._pending.request_id
                reply = self._secret(length)
            else:
                self._forget()
                request = self._request(length)
                request_id = _id(request)
                reply = self._dispatch(request)
            reply["ok"] = True
        except _config.Bad as error:
            reply = {"error": error.reason, "field": error.field}
        except Exception as error:
            self._forget()
            reply = {"error": _reason(error), "field": None}
        reply["id"] = request_id
        return reply

    def _request(self, length):
        try:
            request = json.loads(self._lines.text(length))
        except Exception:
            request = None
        if not isinstance(request, dict):
            raise _config.Bad("line", "not a JSON object")
        return request

    def _dispatch(self, request):
        operations = {
            "hello": self._hello,
            "prepare": self._prepare,
            "commit": self._commit,
            "show": self._show,
            "config": self._stored_config,
            "staged": self._staged,
            "exchange": self._exchange,
            "discard": self._discard,
            "selftest": self._selftest,
            "probe": self._probe,
            "logs": self._logs,
            "remove": self._remove,
            "bye": lambda request: {"op": "bye"},
        }
        name = request.get("op")
        if not isinstance(name, str) or name not in operations:
            raise _config.Bad("op", "unknown")
        return operations[name](request)

    def _hello(self, request):
        return {
            "protocol": PROTOCOL,
            "version": wireguard.__version__,
            "board": _uname("machine", sys.platform),
            "firmware": _uname("version", None),  # of MicroPython: with its commit and date
            "uid": _uid(),
            "names": store.names(self._root),
            "client": _client_state(),
            "line_max_bytes": lines.LINE_MAX_BYTES,
            "peers_max": _config.PEERS_MAX,
        }

    def _prepare(self, request):
        """Check, then ask for the secrets, then stage. Nothing in force changes."""
        config = _config.check(request.get("config"))
        names = store.names(self._root)
        if config["name"] not in names and len(names) >= INTERFACES_MAX:
            raise _config.Bad("name", "board is full: it has " + " and ".join(names))
        pending = Pending(_id(request), request, config, self._root)
        if pending.wanted:
            self._pending = pending
            return {"send": list(pending.wanted)}
        return self._stage(pending)

    def _secret(self, length):
        pending = self._pending
        secret = bytearray(KEY_BYTES)
        try:
            if not self._lines.secret(length, secret):
                raise _config.Bad(pending.wanted[0], "damaged on the way")
            pending.take(secret)
        except Exception:
            self._forget()
            raise
        finally:
            lines.wipe(secret)
            self._lines.wipe(length)
        if pending.wanted:
            return {"send": list(pending.wanted)}
        self._pending = None
        return self._stage(pending)

    def _stage(self, pending):
        try:
            public = _config.key_text(pending.private_key.public_key())
            for i, peer in enumerate(pending.config["peers"]):
                if peer["public_key"] == public:
                    raise _config.Bad("peers[%d].public_key" % i, "is this board's own key")
            token = store.stage(pending.config, pending.private_key, pending.preshared, self._root)
        finally:
            pending.wipe()
        return {
            "config": pending.config,  # for the host to compare: a serial line has no checksum
            "public_key": public,
            "key": pending.key_origin,
            "preshared": [key is not None for key in pending.preshared],
            "preshared_before": pending.preshared_before,
            "token": token,
        }

    def _commit(self, request):
        return self._put_in_force(store.commit, _config.name(request.get("name")), request)

    def _exchange(self, request):
        """As commit, but what was in force becomes what is staged: the way back."""
        return self._put_in_force(store.exchange, self._known(request), request)

    def _put_in_force(self, put, name, request):
        try:
            put(name, request.get("token"), self._root)
        except store.Missing:
            raise _config.Bad("token", "nothing staged under it: prepare again") from None
        _, public, _ = _without_keys(store.load(name, self._root))
        return {"name": name, "public_key": public, "tunnel": _client_reload(name, "started")}

    def _staged(self, request):
        """What waits to be put in force: its token and its public key."""
        name = _config.name(request.get("name"))
        try:
            _, public, _ = _without_keys(store.load_staged(name, self._root))
        except (store.Missing, store.Corrupt):
            raise _config.Bad("name", "nothing staged for it") from None
        return {"token": store.staged(name, self._root), "public_key": public}

    def _discard(self, request):
        store.discard(_config.name(request.get("name")), self._root)
        return {}

    def _selftest(self, request):
        return {"primitives": wireguard.selftest()}

    def _probe(self, request):
        """For `wgprov doctor`: the board's clock (UTC), and what a host name means to it."""
        import gc
        import time

        gc.collect()
        reply = {"utc": list(time.gmtime()[:6]), "resolved": None, "problem": None}
        reply["heap_free_bytes"] = gc.mem_free() if hasattr(gc, "mem_free") else None
        host = request.get("host")
        if host is not None:
            _config.endpoint("%s:1" % host, "host")
            try:
                import socket

                reply["resolved"] = socket.getaddrinfo(host, 1)[0][-1][0]
            except Exception as error:
                reply["problem"] = _reason(error)
        return reply

    def _show(self, request):
        return {"interfaces": [_show(name, self._root) for name in store.names(self._root)]}

    def _stored_config(self, request):
        """What was provisioned, without its secrets: for a backup and for the server's side."""
        config, public, had = _without_keys(store.load(self._known(request), self._root))
        return {"config": config, "public_key": public, "preshared": had}

    def _logs(self, request):
        """What happened after the entry of that number, a few at a time: replies are made whole."""
        import wireguard.log as log

        number = request.get("after", 0)
        if not isinstance(number, int):
            raise _config.Bad("after", "not a number")
        return log.told(number, _clock_ms())

    def _remove(self, request):
        name = self._known(request)
        store.remove(name, self._root)
        return {"name": name, "tunnel": _client_reload(name, "stopped")}

    def _known(self, request):
        name = _config.name(request.get("name"))
        if name not in store.names(self._root):
            raise _config.Bad("name", "no such interface")
        return name

    def _forget(self):
        if self._pending:
            self._pending.wipe()
            self._pending = None

    def _write(self, reply):
        data = json.dumps(reply).encode() + b"\n"
        while data:
            written = self._stdout.write(data)
            data = data[written:] if written else b""
        if hasattr(self._stdout, "flush"):
            self._stdout.flush()


def _without_keys(loaded):
    """(configuration, public key in base64, which peers have a preshared key) of what the store
    has loaded; the keys are wiped."""
    config, private_key, preshared = loaded
    try:
        public = _config.key_text(private_key.public_key())
        return config, public, [key is not None for key in preshared]
    finally:
        store.wipe_keys(private_key, preshared)


def _stored(name, root):
    """What `show` can say about an interface that is not up."""
    config, public, had = _without_keys(store.load(name, root))
    peers = []
    for peer, has_preshared in zip(config["peers"], had):
        peers.append(
            {
                "public_key": peer["public_key"],
                "preshared": has_preshared,
                "endpoint": peer["endpoint"],
                "allowed_ips": peer["allowed_ips"],
                "latest_handshake_s": None,
                "rx_bytes": 0,
                "tx_bytes": 0,
                "persistent_keepalive_s": peer["persistent_keepalive"],
            }
        )
    shown = {"name": name, "public_key": public, "listen_port": config["listen_port"]}
    shown.update({"up": False, "peers": peers, "counters": {}})
    return shown


def _show(name, root):
    try:
        live = _client().interfaces.get(name)
        if live:
            return live.show()
    except Exception as error:
        client_error = _reason(error)
    else:
        client_error = None
    try:
        shown = _stored(name, root)
    except store.Corrupt:
        return {"name": name, "up": False, "error": "stored configuration is damaged"}
    if client_error:
        shown["error"] = client_error
    return shown


def _client():
    import wireguard.client as client

    return client


def _clock_ms():
    """The clock of the log, or None where no tunnel runs."""
    client = sys.modules.get("wireguard.client")
    for live in client.interfaces.values() if client else ():
        return live.netif.now()
    return None


def _client_state():
    try:
        _client()
        return "ready"
    except Exception as error:
        return _reason(error)


def _client_reload(name, good):
    """Let the running tunnel follow what was just stored. Failing is news, not an error."""
    try:
        _client().reload(name)
        return good
    except Exception as error:
        return _reason(error)


def _reason(error):
    """One short line about an exception: never its traceback."""
    if isinstance(error, store.Corrupt):
        return "flash did not keep what was written"
    if isinstance(error, OSError) and error.errno == _ENOSPC:
        return "no room left on the board's flash"
    if isinstance(error, MemoryError):
        return "no room left in the board's memory"
    words = "%s %s" % (type(error).__name__, error)
    return "".join(c if " " <= c <= "~" else "?" for c in words)[:120]


def _id(request):
    """What the reply echoes, so that the host can tell it from older replies and other prints."""
    number = request.get("id")
    return number if isinstance(number, int) else None


def _uname(field, otherwise):
    """A port may be built without os.uname(); the unix port is."""
    return getattr(os.uname(), field) if hasattr(os, "uname") else otherwise


def _uid():
    try:
        import machine

        return "".join("%02x" % b for b in machine.unique_id())
    except (ImportError, AttributeError):  # not every port has it
        return None


def _interrupt(char):
    try:
        import micropython

        micropython.kbd_intr(char)
    except (ImportError, AttributeError):
        pass
