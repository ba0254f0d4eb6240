# SPDX-License-Identifier: MIT
"""The lock: who wants to change a board has to prove that he has the key it was locked with.

The board keeps the public half only, in the file `lock`. It seals a random challenge to it, in the
first message of the tunnel's own handshake (core/noise.py); only the private half opens that.
What it helps against, and what not: docs/PROVISIONING.md, "Lock".
"""

from binascii import a2b_base64, b2a_base64

import _wireguard
import wireguard.config as _config
import wireguard.entropy as entropy
import wireguard.store as store
from wireguard.core import noise

MAGIC = b"WGLOCK01"
SUM_BYTES = 32
KEY_BYTES = 32
CHALLENGE_BYTES = 32
PROLOGUE = b"wgprov lock 1"
# An interface's files have a suffix, these have none: no name meets them.
FILE = "/lock"
NEW = "/lock~"


def is_locked(root=store.ROOT, files=store.FILES):
    """A lock that is damaged is one that no key opens."""
    return store.exists(root + FILE, files) or _load(root + NEW, files) is not None


def put(public_key, root=store.ROOT, files=store.FILES):
    """Lock. A power cut leaves the lock of before, or the new one."""
    record = MAGIC + public_key
    store.make_folder(root, files)
    with files.open(root + NEW, "wb") as file:
        file.write(record + _wireguard.blake2s(record))
        files.sync(file)
    files.settle()
    if _load(root + NEW, files) != public_key:
        raise store.Corrupt(NEW)
    if store.exists(root + FILE, files):  # never over a file: on FAT that is two steps
        files.remove(root + FILE)
    files.rename(root + NEW, root + FILE)
    files.settle()


def remove(root=store.ROOT, files=store.FILES):
    """Unlock for good."""
    for path in (root + NEW, root + FILE):
        if store.exists(path, files):
            files.remove(path)
    files.settle()


def _load(path, files):
    """The public key, or None when the file is missing or damaged."""
    try:
        with files.open(path, "rb") as file:
            data = file.read(len(MAGIC) + KEY_BYTES + SUM_BYTES + 1)
    except OSError:
        return None
    record = data[:-SUM_BYTES]
    if len(record) != len(MAGIC) + KEY_BYTES or record[: len(MAGIC)] != MAGIC:
        return None
    if data[-SUM_BYTES:] != _wireguard.blake2s(record):
        return None
    return record[len(MAGIC) :]


class Guard:
    """One conversation: locked, until its host has proved that it may go on."""

    def __init__(self, root, files=store.FILES):
        self._root = root
        self._files = files
        self._open = False
        self._challenge = None

    def check(self):
        """Raise config.Bad when the board is locked for this host."""
        if not self._open and is_locked(self._root, self._files):
            raise _config.Bad("lock", "its key is needed: --lock-key, or wgprov unlock --erase")

    def challenge(self):
        """Base64 that only the private key turns into the proof. Each is good for one answer."""
        root = self._root
        public = _load(root + FILE, self._files) or _load(root + NEW, self._files)
        if public is None:
            raise _config.Bad("lock", "damaged" if is_locked(root, self._files) else "none")
        self._challenge = bytearray(entropy.random_bytes(CHALLENGE_BYTES))
        passing = entropy.private_key()
        sealer = noise.Initiator(_wireguard, passing, passing.public_key(), public, PROLOGUE)
        try:
            message = sealer.initiate(self._challenge)
        finally:
            sealer.wipe()
            passing.wipe()
        if message is None:
            raise _config.Bad("lock", "damaged")
        return b2a_base64(b"".join(message)).strip().decode()

    def prove(self, text):
        """Open for this conversation, or config.Bad."""
        expected, self._challenge = self._challenge, None
        try:
            proof = a2b_base64(text)
        except (ValueError, TypeError):
            proof = b""
        if expected is None or len(proof) != CHALLENGE_BYTES:
            raise _config.Bad("proof", "none")
        wrong = 0
        for i in range(CHALLENGE_BYTES):
            wrong |= expected[i] ^ proof[i]
            expected[i] = 0
        if wrong:
            raise _config.Bad("proof", "another key")
        self._open = True
