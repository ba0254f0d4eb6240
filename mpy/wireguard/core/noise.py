# SPDX-License-Identifier: MIT
"""The handshake, Noise_IKpsk2 (paper §5.4): one class per role, one line per token.

    <- s                          known beforehand
    -> e, es, s, ss, {timestamp}
    <- e, ee, se, psk, {}

`crypto` is the `_wireguard` module. Its SymmetricState holds the chaining key and its PrivateKey
the scalars, in C memory; no secret passes through here. A method returns None when the other
side's message is forged or holds a point of low order. Call wipe() at the end, always.
"""


def _symmetric(crypto, responder_public, prologue):
    if prologue is None:  # WireGuard's own
        return crypto.SymmetricState(responder_public)
    return crypto.SymmetricState(responder_public, prologue)


class Initiator:
    """Writes the first message and reads the second."""

    def __init__(self, crypto, private_key, public_key, peer_public, prologue=None):
        self.crypto = crypto
        self.private_key = private_key
        self.public_key = public_key
        self.peer_public = peer_public
        self.prologue = prologue
        self.symmetric = None
        self.ephemeral = None
        self.timestamp = None

    def initiate(self, timestamp, ephemeral=None):
        """Return (ephemeral, static, timestamp) as they go on the wire (paper §5.4.2)."""
        self.wipe()
        self.ephemeral = ephemeral or self.crypto.PrivateKey.generate()
        self.timestamp = timestamp
        return self._write()

    def _write(self):
        s = self.symmetric = _symmetric(self.crypto, self.peer_public, self.prologue)
        e_public = self.ephemeral.public_key()
        s.mix_hash(e_public)  # e
        s.mix_key(e_public)
        if not s.mix_dh(self.ephemeral, self.peer_public):  # es
            return None
        static = s.seal(self.public_key)  # s
        if not s.mix_dh(self.private_key, self.peer_public):  # ss
            return None
        return e_public, static, s.seal(self.timestamp)

    def finish(self, ephemeral, empty, preshared):
        """Read the second message (paper §5.4.3): return its payload, b"" in WireGuard."""
        payload = self._read(ephemeral, empty, preshared)
        if payload is None:
            # Anybody who sees our index can forge a response, and reading it has spoilt the state.
            # Write the first message again, to the same bytes, so that the true one still works.
            self.symmetric.wipe()
            self._write()
        return payload

    def _read(self, ephemeral, empty, preshared):
        s = self.symmetric
        s.mix_hash(ephemeral)  # e
        s.mix_key(ephemeral)
        if not s.mix_dh(self.ephemeral, ephemeral):  # ee
            return None
        if not s.mix_dh(self.private_key, ephemeral):  # se
            return None
        s.mix_psk(preshared)  # psk
        return s.open(empty)

    def split(self, local_index, remote_index, now_ms):
        """Return the Session, once finish() has succeeded."""
        return self.symmetric.split(True, local_index, remote_index, now_ms)

    def wipe(self):
        """Forget everything secret. The object can initiate again."""
        for secret in (self.symmetric, self.ephemeral):
            if secret is not None:
                secret.wipe()
        self.symmetric = self.ephemeral = None


class Responder:
    """Reads the first message, in two steps so that strangers cost little, writes the second."""

    def __init__(self, crypto, private_key, public_key, prologue=None):
        self.crypto = crypto
        self.private_key = private_key
        self.symmetric = _symmetric(crypto, public_key, prologue)
        self.peer_public = None
        self.peer_ephemeral = None

    def read_static(self, ephemeral, static):
        """Return the initiator's public key. It is claimed, not proven, until read_timestamp."""
        s = self.symmetric
        self.peer_ephemeral = ephemeral
        s.mix_hash(ephemeral)  # e
        s.mix_key(ephemeral)
        if s.mix_dh(self.private_key, ephemeral):  # es
            self.peer_public = s.open(static)  # s
        return self.peer_public

    def read_timestamp(self, timestamp):
        """Return the initiator's timestamp; the initiator is who it says, or this is a replay."""
        s = self.symmetric
        if not s.mix_dh(self.private_key, self.peer_public):  # ss
            return None
        return s.open(timestamp)

    def respond(self, preshared, ephemeral=None, payload=b""):
        """Return (ephemeral, empty) as they go on the wire (paper §5.4.3)."""
        ephemeral = ephemeral or self.crypto.PrivateKey.generate()
        try:
            return self._write(preshared, ephemeral, payload)
        finally:
            ephemeral.wipe()

    def _write(self, preshared, ephemeral, payload):
        s = self.symmetric
        e_public = ephemeral.public_key()
        s.mix_hash(e_public)  # e
        s.mix_key(e_public)
        if not s.mix_dh(ephemeral, self.peer_ephemeral):  # ee
            return None
        if not s.mix_dh(ephemeral, self.peer_public):  # se
            return None
        s.mix_psk(preshared)  # psk
        return e_public, s.seal(payload)

    def split(self, local_index, remote_index, now_ms):
        """Return the Session, once respond() has succeeded."""
        return self.symmetric.split(False, local_index, remote_index, now_ms)

    def wipe(self):
        """Forget everything secret."""
        self.symmetric.wipe()
