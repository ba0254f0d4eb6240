# SPDX-License-Identifier: MIT
"""The host's half of a board's lock: a key pair whose private half stays in a file here.

The board seals a random challenge to the public half, in the first message of
Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s; the library `noiseprotocol` opens it. docs/PROVISIONING.md.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from wgprov import keys
from wgprov.errors import BoardError
from wgprov.output import note
from wgprov.pairing import NOISE, unbase64
from wgprov.serverpeer import PrivateFile

PROLOGUE = b"wgprov lock 1"
CHALLENGE_BYTES = 32 + 48 + 48  # e, s, and 32 bytes of payload


def read(path: Path) -> bytearray:
    """The private key in a file; warns when others can read it."""
    key = keys.read_key_file(path)
    if keys.readable_by_others(path):
        note(f"{path}: others can read the lock's key: chmod 600")
    return key


def read_or_make(path: Path) -> bytearray:
    """The same; a file that does not exist is made, mode 0600, before any board is locked by it."""
    if path.exists():
        return read(path)
    key = keys.generate_psk()
    PrivateFile(path, keys.encode(key) + "\n").keep()
    return key


def public_key(key: bytearray) -> str:
    """The half that the board keeps, in base64."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return keys.encode(X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw())


def proof(key: bytearray, challenge: Any) -> str:
    """What only the holder of the key can say to the board's challenge."""
    from cryptography.exceptions import InvalidTag
    from noise.connection import Keypair, NoiseConnection

    message = unbase64(challenge, CHALLENGE_BYTES, "challenge")
    opener = NoiseConnection.from_name(NOISE)
    opener.set_as_responder()
    opener.set_psks(bytes(32))
    opener.set_prologue(PROLOGUE)
    opener.set_keypair_from_private_bytes(Keypair.STATIC, bytes(key))
    opener.start_handshake()
    try:
        return base64.b64encode(opener.read_message(message)).decode()
    except (InvalidTag, ValueError):
        raise BoardError(
            "the board is locked with another key: give that one (--lock-key)"
        ) from None
