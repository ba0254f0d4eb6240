# SPDX-License-Identifier: MIT
"""A provisioning that is not yet complete: what it inherits, and which secrets it waits for."""

import _wireguard
import wireguard.config as _config
import wireguard.entropy as entropy
import wireguard.store as store


class Pending:
    """A checked `prepare` and the secrets that it has so far."""

    def __init__(self, request, config, root):
        count = len(config["peers"])
        self.config = config
        self.private_key = None
        self.preshared = [None] * count
        self.key_origin = None
        key = _choice(request.get("key", "keep"), "key", ("keep", "new", "send"))
        modes = request.get("psk", ["none"] * count)
        if not isinstance(modes, list) or len(modes) != count:
            raise _config.Bad("psk", "one for each peer")
        for i, mode in enumerate(modes):
            _choice(mode, "psk[%d]" % i, ("none", "keep", "send"))
        self.wanted = ["psk[%d]" % i for i, mode in enumerate(modes) if mode == "send"]
        if key == "send":
            self.wanted.insert(0, "private_key")
        before = _before(config["name"], root)
        self.preshared_before = self._inherit(before, key, modes)

    def _inherit(self, before, key, modes):
        """Keep what is to be kept of the configuration in force; make a key where there is none."""
        old_config, old_key, old_preshared = before
        known = {}
        for i, peer in enumerate(old_config["peers"]):
            known[peer["public_key"]] = old_preshared[i]
        had = []
        for i, peer in enumerate(self.config["peers"]):
            old = known.pop(peer["public_key"], None)
            had.append(old is not None)
            if modes[i] == "keep":
                self.preshared[i] = old
            elif old:
                old.wipe()
        if key == "keep" and old_key:
            self.private_key, self.key_origin = old_key, "kept"
            old_key = None
        # Before a new one is made: a board has few places for keys.
        store.wipe_keys(old_key, list(known.values()))
        if self.private_key is None:
            self.key_origin = "imported" if key == "send" else "made"
            if key != "send":
                self.private_key = entropy.private_key()
        return had

    def take(self, secret):
        """Take the secret that is wanted next; `secret` stays the caller's to wipe."""
        field = self.wanted.pop(0)
        if field == "private_key":
            self.private_key = _wireguard.PrivateKey(secret)
        else:
            self.preshared[int(field[4:-1])] = _wireguard.PresharedKey(secret)

    def wipe(self):
        store.wipe_keys(self.private_key, self.preshared)


def _before(name, root):
    """What a new configuration inherits from: the one in force, else what an interrupted
    provisioning left staged (so that the key it announced is the key it gets), else nothing."""
    for read in (store.load, store.load_staged):
        try:
            return read(name, root)
        except (store.Missing, store.Corrupt):
            pass
    return {"peers": []}, None, []


def _choice(value, field, allowed):
    if value not in allowed:
        raise _config.Bad(field, "must be " + " or ".join(allowed))
    return value
