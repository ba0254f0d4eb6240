# SPDX-License-Identifier: MIT
"""WireGuard's cryptography for the hostile endpoint, from the paper, on `cryptography` and hashlib.

It shares no line with the product on purpose: what both get wrong would pass unseen. It is also
without scruples: a Diffie-Hellman with a point of low order gives zeros here instead of an error,
so that the rest of a handshake can be written with the key that an attacker would know.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
NO_PSK = bytes(32)
TAI64_EPOCH = (1 << 62) + 10

# RFC 7748 §6.1 and https://cr.yp.to/ecdh.html#validate: small order, and their other encodings.
_P = 2**255 - 19
_ORDER_8 = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
LOW_ORDER = {
    "zero": bytes(32),
    "one": (1).to_bytes(32, "little"),
    "order 8, first": _ORDER_8[0].to_bytes(32, "little"),
    "order 8, second": _ORDER_8[1].to_bytes(32, "little"),
    "p - 1": (_P - 1).to_bytes(32, "little"),
    "p": _P.to_bytes(32, "little"),
    "p + 1": (_P + 1).to_bytes(32, "little"),
    "zero, top bit set": (1 << 255).to_bytes(32, "little"),
    "one, top bit set": (1 << 255 | 1).to_bytes(32, "little"),
}


def new_private() -> bytes:
    return os.urandom(32)


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def dh(private: bytes, point: bytes) -> bytes:
    """X25519; zeros for a point of low order."""
    try:
        key = X25519PrivateKey.from_private_bytes(private)
        return key.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        return bytes(32)


def blake2s(*parts: bytes) -> bytes:
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def kdf(key: bytes, data: bytes, count: int) -> list[bytes]:
    """HKDF of the paper, §5.4: `count` outputs of 32 bytes."""
    secret = hmac.digest(key, data, hashlib.blake2s)
    outputs, last = [], b""
    for number in range(1, count + 1):
        last = hmac.digest(secret, last + bytes([number]), hashlib.blake2s)
        outputs.append(last)
    return outputs


def seal(key: bytes, counter: int, plain: bytes, ad: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(struct.pack("<IQ", 0, counter), plain, ad)


def unseal(key: bytes, counter: int, sealed: bytes, ad: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(struct.pack("<IQ", 0, counter), sealed, ad)
    except InvalidTag:
        return None


def tai64n(unix_ns: int) -> bytes:
    seconds, nanoseconds = divmod(unix_ns, 1_000_000_000)
    return struct.pack("!QI", TAI64_EPOCH + seconds, nanoseconds)


# XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): a subkey from the first 16 bytes of the nonce.


def _quarter(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[x] = (state[x] + state[y]) & 0xFFFFFFFF
        mixed = state[z] ^ state[x]
        state[z] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF


def hchacha20(key: bytes, nonce16: bytes) -> bytes:
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))
    for _ in range(10):
        for column in range(4):
            _quarter(state, column, 4 + column, 8 + column, 12 + column)
        for i in range(4):
            _quarter(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def xseal(key: bytes, nonce24: bytes, plain: bytes, ad: bytes) -> bytes:
    cipher = ChaCha20Poly1305(hchacha20(key, nonce24[:16]))
    return cipher.encrypt(bytes(4) + nonce24[16:], plain, ad)


def xunseal(key: bytes, nonce24: bytes, sealed: bytes, ad: bytes) -> bytes | None:
    cipher = ChaCha20Poly1305(hchacha20(key, nonce24[:16]))
    try:
        return cipher.decrypt(bytes(4) + nonce24[16:], sealed, ad)
    except InvalidTag:
        return None


class Symmetric:
    """Chaining key and hash of one handshake (paper §5.4)."""

    def __init__(self, responder_public: bytes) -> None:
        self.chain = blake2s(CONSTRUCTION)
        self.hash = blake2s(blake2s(self.chain, IDENTIFIER), responder_public)
        self.key = b""

    def mix_hash(self, data: bytes) -> None:
        self.hash = blake2s(self.hash, data)

    def mix_key(self, data: bytes) -> None:
        (self.chain,) = kdf(self.chain, data, 1)

    def mix_dh(self, shared: bytes) -> None:
        self.chain, self.key = kdf(self.chain, shared, 2)

    def mix_psk(self, psk: bytes) -> None:
        self.chain, extra, self.key = kdf(self.chain, psk, 3)
        self.mix_hash(extra)

    def seal(self, plain: bytes) -> bytes:
        sealed = seal(self.key, 0, plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def unseal(self, sealed: bytes) -> bytes | None:
        plain = unseal(self.key, 0, sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    def split(self) -> list[bytes]:
        """The initiator's sending key, the responder's sending key."""
        return kdf(self.chain, b"", 2)
