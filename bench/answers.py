# SPDX-License-Identifier: MIT
"""What each operation must answer, by other implementations: a fast wrong core is no core."""

from __future__ import annotations

import hashlib
import hmac

from .emulator import Request

P = 2**255 - 19
COUNTER = 5


def message(length: int, seed: int) -> bytes:
    """The guest's fill(): zeros, ones, or the second byte of each state of xorshift32."""
    if seed in (0, 0xFFFFFFFF):
        return bytes([seed & 0xFF]) * length
    out = bytearray()
    for _ in range(length):
        seed = (seed ^ seed << 13) & 0xFFFFFFFF
        seed ^= seed >> 17
        seed = (seed ^ seed << 5) & 0xFFFFFFFF
        out.append(seed >> 8 & 0xFF)
    return bytes(out)


def x25519(secret: bytes, point: bytes) -> bytes:
    """RFC 7748 section 5, with Python's integers."""
    k = (int.from_bytes(secret, "little") & ((1 << 254) - 8)) | 1 << 254
    x1 = int.from_bytes(point, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in range(254, -1, -1):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b = (x2 + z2) ** 2 % P, (x2 - z2) ** 2 % P
        c, d = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
        e = a - b
        x3, z3 = (c + d) ** 2 % P, x1 * (c - d) ** 2 % P
        x2, z2 = a * b % P, e * (a + 121665 * e) % P
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.blake2s).digest()


def _kdf2(key: bytes, data: bytes) -> bytes:
    prk = _hmac(key, data)
    first = _hmac(prk, b"\1")
    return first + _hmac(prk, first + b"\2")


def _seal(key: bytes, plain: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = bytes(4) + COUNTER.to_bytes(8, "little")
    return ChaCha20Poly1305(key).encrypt(nonce, plain, b"")


def expected(request: Request) -> bytes:
    """The output of the operation."""
    text = message(request.length, request.seed)
    base = bytes([9]) + bytes(31)
    answers = {
        "nothing": lambda: b"",
        "selftest": lambda: b"",
        "x25519": lambda: x25519(request.secret, request.input),
        "x25519_base": lambda: x25519(request.secret, base),
        "seal": lambda: _seal(request.secret, text),
        "open": lambda: text,
        "forged": lambda: _seal(request.secret, text)[: request.length],
        "blake2s": lambda: hashlib.blake2s(text).digest(),
        "blake2s_keyed": lambda: hashlib.blake2s(text, key=request.secret).digest(),
        "hkdf": lambda: _kdf2(request.secret, text),
    }
    return answers[str(request.op)]()
