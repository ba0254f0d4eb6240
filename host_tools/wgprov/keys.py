# SPDX-License-Identifier: MIT
"""Base64 keys: checks, preshared key generation, key files.

Secrets are bytearrays where Python allows, so that they can be wiped; text copies live until the
garbage collector runs, as in every Python program.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import stat
from pathlib import Path

from wgprov import platforms
from wgprov.errors import InputError

KEY_BYTES = 32
KEY_TEXT_CHARS = 44
KEY_FILE_MAX_BYTES = 256
CHECK_BYTES = 4


class KeyFormatError(ValueError):
    """Why a text is not a key: short, and never with the text itself, which may be a secret."""


def decode(text: str) -> bytearray:
    """Return the 32 bytes of a base64 key; raise KeyFormatError."""
    if len(text) != KEY_TEXT_CHARS:
        raise KeyFormatError(f"a key has {KEY_TEXT_CHARS} characters, this has {len(text)}")
    try:
        raw = bytearray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise KeyFormatError("not base64") from None
    # 44 characters hold 34 bits more than 33 bytes need: only one spelling of each key is taken.
    if len(raw) != KEY_BYTES or encode(raw) != text:
        raise KeyFormatError("not the base64 of 32 bytes")
    if not any(raw):
        raise KeyFormatError("all zero")
    return raw


def encode(raw: bytes | bytearray) -> str:
    return base64.b64encode(raw).decode("ascii")


def is_key(text: object) -> bool:
    """True for the base64 of a 32-byte key that is not zero."""
    try:
        return isinstance(text, str) and bool(decode(text))
    except KeyFormatError:
        return False


def generate_psk() -> bytearray:
    """A fresh preshared key from the operating system's generator."""
    return bytearray(secrets.token_bytes(KEY_BYTES))


def read_key_file(path: Path) -> bytearray:
    """The key in a file that holds nothing else, as `wg genkey > FILE` makes it."""
    if is_key(str(path)):
        raise InputError("a key on the command line is seen by others: put it in a file, mode 600")
    try:
        with path.open("rb") as file:
            data = file.read(KEY_FILE_MAX_BYTES + 1)
        text = data.decode("ascii").strip()
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a key: not text") from None
    try:
        return decode(text)
    except KeyFormatError as error:
        raise InputError(f"{path}: not a key: {error}") from None


def readable_by_others(path: Path) -> bool:
    """True when group or others may read the file, where its mode tells."""
    if not platforms.has_file_modes():
        return False
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)) and path.is_file()


def secret_line(secret: bytearray) -> bytearray:
    """A secret as a line of the serial protocol: base64, a blank, 4 bytes of BLAKE2s in hex."""
    check = hashlib.blake2s(secret).digest()[:CHECK_BYTES].hex()
    return bytearray(base64.b64encode(secret) + b" " + check.encode())


def wipe(secret: bytearray) -> None:
    for i in range(len(secret)):
        secret[i] = 0
