# SPDX-License-Identifier: MIT
"""What the agent does for a host: one method for each request, and the reply's fields come back.

config.Bad names the field that is wrong. Nothing in force has changed then.
"""

import wireguard
import wireguard.config as _config
import wireguard.lock as lock
import wireguard.report as report
import wireguard.store as store
from wireguard.pending import Pending

INTERFACES_MAX = 2  # WG_INTERFACES_MAX
# What a locked board does for nobody who has not proved that he has the lock's key.
GUARDED = ("prepare", "commit", "config", "staged", "exchange", "discard", "remove", "lock")
LOOK_UP_MS = 20000  # what a look-up of a host name may take: lwIP asks several times


class Operations:
    """`working(most_ms=None)` is called between two steps that take a while."""

    def __init__(self, root, working):
        self.pending = None  # a prepare that waits for its secrets
        self._root = root
        self._working = working
        self._guard = lock.Guard(root)
        self._methods = {
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
            "ping": self._ping,
            "remove": self._remove,
            "lock": self._lock,
            "unlock": self._unlock,
            "erase": self._erase,
        }

    def run(self, name, request):
        """Do what a request wants."""
        if not isinstance(name, str) or name not in self._methods:
            raise _config.Bad("op", "unknown")
        if name in GUARDED:
            self._guard.check()
        return self._methods[name](request)

    def forget(self):
        """Drop a prepare that waits for secrets."""
        if self.pending:
            self.pending.wipe()
            self.pending = None

    def _prepare(self, request):
        """Check, then ask for the secrets, then stage. Nothing in force changes."""
        config = _config.check(request.get("config"))
        names = store.names(self._root)
        if config["name"] not in names and len(names) >= INTERFACES_MAX:
            raise _config.Bad("name", "board is full: it has " + " and ".join(names))
        pending = Pending(request, config, self._root)
        if pending.wanted:
            self.pending = pending
            return {"send": list(pending.wanted)}
        return self._stage(pending)

    def take(self, secret):
        """The secret that the last reply asked for, or None when it was damaged."""
        pending = self.pending
        try:
            if secret is None:
                raise _config.Bad(pending.wanted[0], "damaged on the way")
            pending.take(secret)
        except Exception:
            self.forget()
            raise
        if pending.wanted:
            return {"send": list(pending.wanted)}
        self.pending = None
        return self._stage(pending)

    def _stage(self, pending):
        try:
            public = _config.key_text(pending.private_key.public_key())
            self._working()
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
        _, public, _ = report.without_keys(store.load(name, self._root))
        self._working()
        return {"name": name, "public_key": public, "tunnel": report.reload_client(name, "started")}

    def _staged(self, request):
        """What waits to be put in force: its token and its public key."""
        name = _config.name(request.get("name"))
        try:
            _, public, _ = report.without_keys(store.load_staged(name, self._root))
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
            self._working(LOOK_UP_MS)
            try:
                import socket

                reply["resolved"] = socket.getaddrinfo(host, 1)[0][-1][0]
            except Exception as error:
                reply["problem"] = report.reason(error)
        return reply

    def _show(self, request):
        shown = []
        for name in store.names(self._root):
            self._working()
            shown.append(report.show(name, self._root))
        return {"interfaces": shown}

    def _stored_config(self, request):
        """What was provisioned, without its secrets: for a backup and for the server's side."""
        config, public, had = report.without_keys(store.load(self._known(request), self._root))
        return {"config": config, "public_key": public, "preshared": had}

    def _logs(self, request):
        """What happened after the entry of that number, a few at a time: replies are made whole."""
        import wireguard.log as log

        number = request.get("after", 0)
        if not isinstance(number, int):
            raise _config.Bad("after", "not a number")
        return log.told(number, report.clock_ms())

    def _ping(self, request):
        """For `wgprov monitor`: how long an IPv4 address takes to answer, if it does."""
        import wireguard.latency as latency
        from wireguard.core.allowedips import parse_address

        try:
            address = parse_address(request.get("host"))
        except Exception:
            address = b""
        if len(address) != 4:
            raise _config.Bad("host", "not an IPv4 address")
        return {"us": latency.ping(address)}

    def _remove(self, request):
        name = self._known(request)
        store.remove(name, self._root)
        self._working()
        return {"name": name, "tunnel": report.reload_client(name, "stopped")}

    def _known(self, request):
        name = _config.name(request.get("name"))
        if name not in store.names(self._root):
            raise _config.Bad("name", "no such interface")
        return name

    def _lock(self, request):
        lock.put(_config.key(request.get("public_key"), "public_key"), self._root)
        return {"locked": True}

    def _unlock(self, request):
        """First a challenge; then, for its proof, this conversation, or with `remove` for good."""
        if "proof" not in request:
            return {"challenge": self._guard.challenge()}
        self._guard.prove(request["proof"])
        if request.get("remove") is True:
            lock.remove(self._root)
        return {"locked": lock.is_locked(self._root)}

    def _erase(self, request):
        """Everything, and the lock after it: what is left is an empty board."""
        names = store.names(self._root)
        store.erase(self._root)
        lock.remove(self._root)
        for name in names:
            self._working()
            report.reload_client(name, "stopped")
        return {"erased": names}
