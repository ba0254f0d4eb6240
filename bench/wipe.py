# SPDX-License-Identifier: MIT
"""Whether a call leaves key material behind: registers and all of the emulated memory are searched
for any few bytes of it in a row, at any alignment."""

from __future__ import annotations

import hashlib
import hmac
import random
import struct
from collections.abc import Iterator

from . import answers, emulator
from .build import Program
from .emulator import Request, Result

OPS = {
    "x25519": 32,
    "x25519_base": 32,
    "seal": 131,
    "open": 131,
    "forged": 64,
    "blake2s_keyed": 131,
    "hkdf": 32,
}
ROUNDS = 3
LEAK_BYTES = 4  # one word
RESULT, REGISTERS = "the result", "registers"
R_MASK = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF


def _keystream(key: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

    nonce = bytes(8) + answers.COUNTER.to_bytes(8, "little")  # block counter 0, WireGuard's nonce
    cipher = Cipher(algorithms.ChaCha20(key, nonce), mode=None)
    return cipher.encryptor().update(bytes(length))


def _clamped(scalar: bytes) -> bytes:
    return bytes([scalar[0] & 248]) + scalar[1:31] + bytes([scalar[31] & 127 | 64])


def _aead(request: Request) -> Iterator[tuple[str, bytes]]:
    stream = _keystream(request.secret, 64 + request.length)
    yield "key", request.secret
    yield "Poly1305's key", stream[:32]
    r = int.from_bytes(stream[:16], "little") & R_MASK
    yield "Poly1305's r", r.to_bytes(16, "little")
    yield "the keystream", stream[64:]


def _hkdf(request: Request) -> Iterator[tuple[str, bytes]]:
    text = answers.message(request.length, request.seed)
    prk = hmac.new(request.secret, text, hashlib.blake2s).digest()
    yield "prk", prk
    for name, key in (("chaining key", request.secret), ("prk", prk)):
        for pad in (0x36, 0x5C):
            yield f"{name} xor {pad:#x}", bytes(byte ^ pad for byte in key)
    yield RESULT, answers.expected(request)


def material(request: Request) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of what must be nowhere."""
    yield "secret", request.secret
    if request.op in ("x25519", "x25519_base"):
        yield "clamped scalar", _clamped(request.secret)
        if request.op == "x25519":
            yield RESULT, answers.expected(request)
    elif request.op == "hkdf":
        yield from _hkdf(request)
    elif request.op != "blake2s_keyed":
        yield from _aead(request)


def _places(result: Result) -> Iterator[tuple[str, bytes]]:
    """Registers, and memory joined where it is contiguous."""
    yield REGISTERS, struct.pack(f"<{len(result.registers)}I", *result.registers)
    start, joined = 0, b""
    for address in sorted(result.memory):
        if start + len(joined) != address:
            yield f"memory at {start:#x}", joined
            start, joined = address, b""
        joined += result.memory[address]
    yield f"memory at {start:#x}", joined


def search(request: Request, result: Result, piece_bytes: int) -> Iterator[str]:
    """A line for each piece of key material that is still somewhere."""
    for place, content in _places(result):
        for name, secret in material(request):
            if name == RESULT and place == REGISTERS:
                continue  # what the caller asked for, and will load from its buffer next
            for at in range(len(secret) - piece_bytes + 1):
                found = content.find(secret[at : at + piece_bytes])
                if found >= 0:
                    yield f"{request.op}: byte {at} of {name} in {place} + {found:#x}"
                    break


def requests() -> list[Request]:
    generator = random.Random(2519)
    return [
        Request(op, size, secret=generator.randbytes(32), memory=True)
        for op, size in OPS.items()
        for _ in range(ROUNDS)
    ]


def check(program: Program, piece_bytes: int, only: str = "") -> list[str]:
    """What was found; an empty list is what should be."""
    wanted = [request for request in requests() if str(request.op).startswith(only)]
    results = emulator.run(program, wanted)
    pairs = zip(wanted, results, strict=True)
    return [line for pair in pairs for line in search(*pair, piece_bytes)]
