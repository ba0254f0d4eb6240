# SPDX-License-Identifier: MIT
"""Load, cookies given and limits by source, alone and in virtual time (paper §5.3, §5.4.7)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import _wireguard
from wireguard.core import constants, messages
from wireguard.core.bucket import Bucket
from wireguard.core.cookie import CookieJar
from wireguard.core.guard import COOKIE, LIMITED, TAKE, Guard, Sources

KEY = bytes(range(32))
HERE = (bytes([192, 0, 2, 1]), 51820)
START_MS = 1_000_000


def mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def initiation(jar: CookieJar, now_ms: int, number: int = 7) -> bytes:
    body = messages.pack_initiation(number, bytes(32), bytes(48), bytes(28))
    return jar.add_macs(body, now_ms)


@pytest.fixture
def guard() -> Guard:
    return Guard(_wireguard, KEY)


@pytest.fixture
def jar() -> CookieJar:
    return CookieJar(_wireguard, KEY)


def load(guard: Guard, now_ms: int = START_MS) -> None:
    """Bring it under load, which then lasts for a second."""
    for _ in range(constants.LOAD_BURST + 1):
        guard.verdict(bytes(148), HERE, now_ms)
    assert guard.is_loaded(now_ms)


def test_eight_at_once_are_no_load(guard: Guard) -> None:
    verdicts = [guard.verdict(bytes(148), HERE, START_MS) for _ in range(10)]
    assert verdicts == [TAKE] * 8 + [COOKIE] * 2


def test_four_a_second_are_no_load(guard: Guard) -> None:
    for i in range(200):
        assert guard.verdict(bytes(148), HERE, START_MS + 250 * i) == TAKE
    for i in range(200):
        last = guard.verdict(bytes(148), HERE, START_MS + 50_000 + 200 * i)
    assert last == COOKIE


def test_load_ends_a_second_after_it_was_last_seen(guard: Guard) -> None:
    load(guard)
    assert guard.verdict(bytes(148), HERE, START_MS + 999) == COOKIE
    assert guard.verdict(bytes(148), HERE, START_MS + 1000) == TAKE


def test_the_reply_is_what_the_paper_says(guard: Guard, jar: CookieJar) -> None:
    message = initiation(jar, START_MS)
    reply = guard.reply(message, HERE, START_MS)
    assert len(reply) == 64 and reply[:4] == b"\x03\0\0\0"
    receiver, nonce, sealed = messages.parse_cookie_reply(reply)
    assert receiver == 7
    key = hashlib.blake2s(b"cookie--" + KEY).digest()
    cookie = _wireguard.xaead_open(key, nonce, sealed, message[-32:-16])
    assert cookie == mac(guard.secret, HERE[0] + HERE[1].to_bytes(2, "big"))


def test_a_message_with_our_cookie_is_taken_under_load(guard: Guard, jar: CookieJar) -> None:
    first = initiation(jar, START_MS)
    load(guard)
    assert guard.verdict(first, HERE, START_MS) == COOKIE
    reply = messages.parse_cookie_reply(guard.reply(first, HERE, START_MS))
    assert jar.consume(reply[1], reply[2], START_MS)
    again = initiation(jar, START_MS)
    assert guard.verdict(again, HERE, START_MS) == TAKE
    for position in range(len(again)):
        forged = bytearray(again)
        forged[position] ^= 0x40
        assert guard.verdict(bytes(forged), HERE, START_MS) == COOKIE


@pytest.mark.parametrize(
    "source",
    [(HERE[0], 51821), (bytes([192, 0, 2, 2]), 51820), (bytes(12) + HERE[0], 51820)],
    ids=["port", "address", "family"],
)
def test_a_cookie_is_for_one_address_and_port(guard: Guard, jar: CookieJar, source) -> None:
    load(guard)
    reply = messages.parse_cookie_reply(guard.reply(initiation(jar, START_MS), HERE, START_MS))
    jar.consume(reply[1], reply[2], START_MS)
    message = initiation(jar, START_MS)
    assert guard.verdict(message, source, START_MS) == COOKIE
    assert guard.verdict(message, HERE, START_MS) == TAKE


def test_the_secret_lives_120_s(guard: Guard, jar: CookieJar) -> None:
    load(guard)
    reply = messages.parse_cookie_reply(guard.reply(initiation(jar, START_MS), HERE, START_MS))
    jar.consume(reply[1], reply[2], START_MS)
    message, secret = initiation(jar, START_MS), guard.secret
    for ms, verdict in ((119_999, TAKE), (120_000, COOKIE)):
        load(guard, START_MS + ms)
        assert guard.verdict(message, HERE, START_MS + ms) == verdict
    assert guard.secret != secret


def test_nonces_of_replies_are_unlike(guard: Guard, jar: CookieJar) -> None:
    message = initiation(jar, START_MS)
    nonces = {guard.reply(message, HERE, START_MS)[8:32] for _ in range(100)}
    assert len(nonces) == 100


def test_a_source_with_a_cookie_is_limited_as_by_the_kernel(guard: Guard, jar: CookieJar) -> None:
    load(guard)
    reply = messages.parse_cookie_reply(guard.reply(initiation(jar, START_MS), HERE, START_MS))
    jar.consume(reply[1], reply[2], START_MS)
    message = initiation(jar, START_MS)
    at_once = [guard.verdict(message, HERE, START_MS) for _ in range(8)]
    assert at_once == [TAKE] * 5 + [LIMITED] * 3
    taken = 0
    for ms in range(1, 10_001):
        taken += guard.verdict(message, HERE, START_MS + ms) == TAKE
    assert taken == 10 * 20


@pytest.mark.parametrize("family", [4, 16])
def test_each_address_or_64_bit_prefix_has_its_own_tokens(family: int) -> None:
    sources = Sources()
    one, same, other = bytes(family), bytes(family), b"\1" + bytes(family - 1)
    if family == 16:
        same = bytes(8) + b"\xff" * 8
    assert [sources.allow(one, START_MS) for _ in range(6)] == [True] * 5 + [False]
    assert not sources.allow(same, START_MS)
    assert sources.allow(other, START_MS)


def test_the_table_of_sources_is_bounded_and_recovers() -> None:
    sources = Sources()
    for number in range(10_000):
        allowed = sources.allow(number.to_bytes(4, "big"), START_MS)
        assert allowed == (number < constants.SOURCES_MAX)
    assert len(sources.buckets) == constants.SOURCES_MAX
    assert sources.allow(b"\xff" * 4, START_MS + 1001), "the others are forgotten after a second"
    assert len(sources.buckets) == 1


@given(
    st.integers(1, 1000),
    st.integers(1, 20),
    st.lists(st.integers(0, 3000), min_size=1, max_size=200),
)
def test_a_bucket_never_gives_more_than_its_rate(
    interval_ms: int, burst: int, waits: list[int]
) -> None:
    bucket, now_ms, given_at = Bucket(interval_ms, burst, 0), 0, []
    for wait_ms in waits:
        now_ms += wait_ms
        if bucket.take(now_ms):
            given_at.append(now_ms)
    for first in range(len(given_at)):
        for last in range(first, len(given_at)):
            span_ms = given_at[last] - given_at[first]
            assert last - first + 1 <= burst + span_ms // interval_ms + 1
