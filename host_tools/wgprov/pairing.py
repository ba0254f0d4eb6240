# SPDX-License-Identifier: MIT
"""Provisioning over an untrusted cable: the code that the board shows makes a conversation safe.

The handshake is Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s by the library `noiseprotocol`, with static
keys that live for this conversation only and the code as the preshared key. Then every line is a
record: "=" and the base64 of a Noise transport message. docs/PROVISIONING.md, "Pairing".
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from pathlib import Path
from typing import Any

import click

from wgprov.errors import BoardError, InputError, PortError, printable
from wgprov.lines import Lines

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
READ_AS = str.maketrans("OIL", "011")
CODE_CHARS = 19
CODE_FILE_MAX_BYTES = 256
PSK_HEAD = b"wgprov-pair1."
PROLOGUE = b"wgprov pairing 1"
NOISE = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
MARK = b"="
HALF = "half of the pairing"


def parse(text: str) -> bytearray:
    """The preshared key that a code stands for; InputError, never with the code in it."""
    code = "".join(c for c in text.upper() if c not in "- \t\r\n").translate(READ_AS)
    if len(code) != CODE_CHARS + 1 or any(c not in ALPHABET for c in code):
        raise InputError(f"a pairing code has {CODE_CHARS + 1} letters and digits, in groups of 4")
    if code[-1] != check_char(code[:-1]):
        raise InputError("the pairing code is mistyped: its last character does not fit the others")
    return bytearray(PSK_HEAD + code[:-1].encode())


def check_char(code: str) -> str:
    """Luhn's algorithm for 32 characters."""
    total = 0
    for i, char in enumerate(reversed(code)):
        value = ALPHABET.index(char) * (2 - i % 2)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def read(source: str) -> bytearray:
    """The code that a person types ("-", without echo), or the one in a file."""
    if source == "-":
        if sys.stdin.isatty():
            return parse(click.prompt("Pairing code", hide_input=True, err=True))
        return parse(sys.stdin.readline(CODE_FILE_MAX_BYTES))
    try:
        with Path(source).open("rb") as file:
            return parse(file.read(CODE_FILE_MAX_BYTES + 1).decode("ascii", "replace"))
    except OSError as error:
        raise InputError(f"{printable(source)}: cannot read it: {error.strerror}") from None


def refuse_code(source: str | None) -> None:
    """InputError when what should name a file is a code."""
    try:
        parse(source or "")
    except InputError:
        return
    raise InputError("a pairing code on the command line is seen by others: say - or a file")


class Handshake:
    """The host's half: offer in, message out, answer in, records out."""

    def __init__(self, psk: bytearray, offer: dict[str, Any]) -> None:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
        from noise.connection import Keypair, NoiseConnection

        raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw
        mine = X25519PrivateKey.generate().private_bytes(*raw, serialization.NoEncryption())
        self._noise = NoiseConnection.from_name(NOISE)
        self._noise.set_as_initiator()
        self._noise.set_psks(bytes(psk))
        self._noise.set_prologue(PROLOGUE)
        self._noise.set_keypair_from_private_bytes(Keypair.STATIC, mine)
        static = unbase64(offer.get("static"), 32, HALF)
        self._noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, static)
        self._noise.start_handshake()

    def message(self) -> str:
        """The first message, for the board."""
        try:
            return base64.b64encode(self._noise.write_message()).decode()
        except ValueError:
            raise senseless(HALF) from None

    def finish(self, answer: dict[str, Any], lines: Lines) -> Records:
        """Read the second message: only a board that has the code can have made it."""
        from cryptography.exceptions import InvalidTag

        message = unbase64(answer.get("message"), 48, HALF)
        try:
            self._noise.read_message(message)
        except (InvalidTag, ValueError):  # ValueError: a point of low order
            left = answer.get("attempts")
            tries = f" ({left} attempts left)" if isinstance(left, int) else ""
            raise BoardError(
                "the board does not have this pairing code, or somebody on the cable changes what "
                f"is sent{tries}: check the code, run it again"
            ) from None
        return Records(lines, self._noise)


class Records(Lines):
    """Lines of a paired conversation."""

    def __init__(self, lines: Lines, noise: Any) -> None:
        self._lines = lines
        self._noise = noise

    @property
    def port(self) -> str:
        return self._lines.port

    def send(self, line: bytes | bytearray) -> None:
        self._lines.send(MARK + base64.b64encode(self._noise.encrypt(bytes(line))))

    def receive(self, what: str, patience_s: float, deadline: float) -> bytes:
        while True:
            line = self._lines.receive(what, patience_s, deadline).rstrip(b"\r")
            if line.startswith(MARK):
                return self._open(line)
            refused = _plain_error(line)
            if refused:
                raise PortError(f"{self.port}: the paired conversation broke: {refused}")

    def forget(self) -> None:
        self._lines.forget()
        self._noise = None  # whose keys are bytes of Python, freed here

    def _open(self, line: bytes) -> bytes:
        from noise.exceptions import NoiseInvalidMessage

        try:
            sealed = base64.b64decode(line[1:], validate=True)
            return bytes(self._noise.decrypt(sealed)).rstrip(b"\0")
        except (NoiseInvalidMessage, binascii.Error, ValueError):
            raise PortError(
                f"{self.port}: a line was changed, lost or repeated on the way: somebody may be on "
                "the cable; make a new pairing code and run it again"
            ) from None


def _plain_error(line: bytes) -> str | None:
    """The words of a refusal that is not encrypted, so that anybody may have sent it."""
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        return None
    told = isinstance(reply, dict) and reply.get("id") is None and "error" in reply
    return f"{printable(reply['error'])} (not encrypted: it may be forged)" if told else None


def unbase64(text: Any, size: int, what: str) -> bytes:
    """So many bytes that the board has sent in base64, as part of the said thing; or BoardError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raw = b""
    if len(raw) != size:
        raise senseless(what)
    return raw


def senseless(what: str) -> BoardError:
    return BoardError(f"the board's {what} makes no sense: update its module")
