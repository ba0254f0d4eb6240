# SPDX-License-Identifier: MIT
"""mac1, mac2 and cookies, against hashlib's BLAKE2s and the definitions of the paper, §5.4.4."""

from __future__ import annotations

import hashlib

import pytest

import _wireguard
from wireguard.core.constants import COOKIE_VALID_MS
from wireguard.core.cookie import CookieJar

PEER = bytes(range(32))
MESSAGE = b"\1\0\0\0" + bytes(112)
NOW_MS = 1000
COOKIE = bytes(range(16))
NONCE = bytes(range(24))


def mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def label(name: bytes) -> bytes:
    return hashlib.blake2s(name + PEER).digest()


def reply_to(message: bytes, cookie: bytes = COOKIE) -> bytes:
    return _wireguard.xaead_seal(label(b"cookie--"), NONCE, cookie, message[-32:-16])


@pytest.fixture
def jar() -> CookieJar:
    return CookieJar(_wireguard, PEER)


def test_macs_without_a_cookie(jar: CookieJar) -> None:
    expected = MESSAGE + mac(label(b"mac1----"), MESSAGE) + bytes(16)
    assert jar.add_macs(MESSAGE, NOW_MS) == expected


def test_macs_with_a_cookie(jar: CookieJar) -> None:
    sent = jar.add_macs(MESSAGE, NOW_MS)
    assert jar.consume(NONCE, reply_to(sent), NOW_MS)
    again = jar.add_macs(MESSAGE, NOW_MS + 5000)
    assert again == sent[:-16] + mac(COOKIE, sent[:-16])


def test_a_cookie_lives_120_s(jar: CookieJar) -> None:
    jar.consume(NONCE, reply_to(jar.add_macs(MESSAGE, NOW_MS)), NOW_MS)
    assert COOKIE_VALID_MS == 120_000
    assert jar.add_macs(MESSAGE, NOW_MS + COOKIE_VALID_MS - 1)[-16:] != bytes(16)
    assert jar.add_macs(MESSAGE, NOW_MS + COOKIE_VALID_MS)[-16:] == bytes(16)


def test_a_new_cookie_replaces_the_old(jar: CookieJar) -> None:
    jar.consume(NONCE, reply_to(jar.add_macs(MESSAGE, NOW_MS)), NOW_MS)
    newer = b"n" * 16
    assert jar.consume(NONCE, reply_to(jar.add_macs(MESSAGE, NOW_MS), newer), NOW_MS)
    sent = jar.add_macs(MESSAGE, NOW_MS)
    assert sent[-16:] == mac(newer, sent[:-16])


def test_forged_and_foreign_replies_are_refused(jar: CookieJar) -> None:
    assert not jar.consume(NONCE, reply_to(MESSAGE + bytes(32)), NOW_MS)  # nothing was sent
    sent = jar.add_macs(MESSAGE, NOW_MS)
    good = reply_to(sent)
    for position in range(len(good)):
        forged = bytearray(good)
        forged[position] ^= 1
        assert not jar.consume(NONCE, bytes(forged), NOW_MS)
    assert not jar.consume(NONCE[1:] + b"x", good, NOW_MS)
    other = jar.add_macs(MESSAGE + b"other", NOW_MS)
    assert not jar.consume(NONCE, good, NOW_MS), "it answers the message before"
    assert jar.consume(NONCE, reply_to(other), NOW_MS)


def test_a_reply_counts_once(jar: CookieJar) -> None:
    good = reply_to(jar.add_macs(MESSAGE, NOW_MS))
    assert jar.consume(NONCE, good, NOW_MS)
    assert not jar.consume(NONCE, good, NOW_MS + COOKIE_VALID_MS - 1), "would live for ever"
