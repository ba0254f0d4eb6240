# SPDX-License-Identifier: MIT
"""Provisioning over an untrusted cable: a code that a person carries over makes it safe.

    import wireguard
    wireguard.pair()                    # prints K7Q2-9FDM-XW3T-PZ8R-4HNC; or pair(display.text)

From here the agent refuses everything until wgprov has proved that it knows the code. The handshake
is the tunnel's own, Noise_IKpsk2 (core/noise.py), with keys that live for one conversation and the
code as the preshared key; after it every line is an encrypted record. docs/PROVISIONING.md has the
bytes, and what this does not help against.
"""

from binascii import a2b_base64, b2a_base64

import _wireguard
import wireguard.config as _config
import wireguard.entropy as entropy
from wireguard.core import noise
from wireguard.lines import LINE_MAX_BYTES

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U
CODE_CHARS = 19  # 95 bits, and a check character
GROUP_CHARS = 4
ATTEMPTS_MAX = 5  # handshakes for a code, right or wrong
PSK_HEAD = b"wgprov-pair1."  # 32 bytes with the code
PROLOGUE = b"wgprov pairing 1"
MESSAGE_BYTES = 32 + 48 + 16  # e, s, and an empty payload
HEADER_BYTES = 16  # of a WireGuard data message, which a record leaves out
TAG_BYTES = 16
RECORD_MAX_BYTES = 1 + (LINE_MAX_BYTES + TAG_BYTES + 2) // 3 * 4
RECORD_MARK = 0x3D  # "=": neither JSON nor a secret begins so

required = False  # since pair() was called, until the next reset
_psk = None
_attempts = 0


def new(show=print):
    """Make a code, forget the one before, and hand its text to `show`."""
    global required, _psk, _attempts
    spend()
    required = True
    draw = entropy.random_bytes(CODE_CHARS)
    code = "".join(ALPHABET[byte & 31] for byte in draw)
    secret = bytearray(PSK_HEAD + code.encode())
    _psk = _wireguard.PresharedKey(secret)
    for i in range(len(secret)):
        secret[i] = 0
    _attempts = ATTEMPTS_MAX
    code += check_char(code)
    groups = range(0, len(code), GROUP_CHARS)
    show("-".join(code[i : i + GROUP_CHARS] for i in groups))


def spend():
    """The code is no good any more."""
    global _psk, _attempts
    if _psk:
        _psk.wipe()
    _psk = None
    _attempts = 0


def check_char(code):
    """Luhn's algorithm for 32 characters: finds every wrong one, and nearly every swapped pair."""
    total = 0
    for i, char in enumerate(reversed(code)):
        value = ALPHABET.index(char) * (2 - i % 2)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


class Pairing:
    """The board's end of one conversation."""

    def __init__(self):
        self.confirmed = False  # the host has shown that it knows the code
        self._static = None
        self._made = None  # the session of a handshake whose second message is not sent yet
        self._session = None
        self._received = 0

    def offer(self):
        """A key for one handshake, and how many are left for this code."""
        if not _psk:
            raise _config.Bad("pair", "no code: wireguard.pair() on the board makes one")
        self.wipe()
        self._static = entropy.private_key()
        return {"static": _config.key_text(self._static.public_key()), "attempts": _attempts}

    def answer(self, text):
        """The second message of the handshake to the first one."""
        global _attempts
        if not self._static or not _psk:
            raise _config.Bad("pair", "nothing offered")
        message = _message(text)
        _attempts -= 1
        try:
            reply = self._handshake(message, _psk)
        finally:
            self._static.wipe()
            self._static = None
            if _attempts == 0:
                spend()
        return {"message": b2a_base64(reply).strip().decode(), "attempts": _attempts}

    def _handshake(self, message, psk):
        responder = noise.Responder(
            _wireguard, self._static, self._static.public_key(), prologue=PROLOGUE
        )
        try:
            known = responder.read_static(message[:32], message[32:80])
            if known is None or responder.read_timestamp(message[80:]) is None:
                raise _config.Bad("pair", "the message was changed on the way")
            reply = responder.respond(psk)
            self._made = responder.split(0, 0, 0)
        finally:
            responder.wipe()
        return reply[0] + reply[1]

    def begin(self, wire):
        """The answer is sent: from here on, records."""
        self._session, self._made = self._made, None
        self._received = 0
        wire.make_room(RECORD_MAX_BYTES)

    def is_open(self):
        """Are lines records?"""
        return self._session is not None

    def open(self, wire, length):
        """Decrypt the record in the wire's buffer in place; returns the length of its line."""
        inner = None
        if wire.buffer[0] == RECORD_MARK:
            inner = self._open(wire.buffer, length)
        if inner is None:
            self.wipe()
            raise _config.Bad("record", "changed, repeated or not encrypted: pair again")
        self._received += 1
        self.confirmed = True
        wire.start = HEADER_BYTES
        while inner and wire.buffer[HEADER_BYTES + inner - 1] == 0:  # padding
            inner -= 1
        return inner

    def _open(self, buffer, length):
        try:
            sealed = a2b_base64(memoryview(buffer)[1:length])
        except ValueError:
            return None
        size = HEADER_BYTES + len(sealed)
        if len(sealed) < TAG_BYTES or size > len(buffer):
            return None
        buffer[:HEADER_BYTES] = b"\x04\0\0\0\0\0\0\0" + self._received.to_bytes(8, "little")
        buffer[HEADER_BYTES:size] = sealed
        return self._session.open_in(memoryview(buffer)[:size])

    def seal(self, data):
        """The record of a line."""
        sealed = memoryview(self._session.seal(data))[HEADER_BYTES:]
        return b"=" + b2a_base64(sealed).strip()

    def wipe(self):
        """Forget the keys of this conversation."""
        for secret in (self._static, self._made, self._session):
            if secret:
                secret.wipe()
        self._static = self._made = self._session = None
        self.confirmed = False


def _message(text):
    try:
        message = a2b_base64(text)
    except (ValueError, TypeError):
        message = b""
    if len(message) != MESSAGE_BYTES:
        raise _config.Bad("message", "not the base64 of %d bytes" % MESSAGE_BYTES)
    return message
