# SPDX-License-Identifier: MIT
"""The timers alone, in virtual time: stamps in, actions out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireguard.core import timers
from wireguard.core.timers import GIVE_UP, HANDSHAKE, KEEPALIVE, RETRY, WIPE, Timers

QUIET = (0, 0, 0, 0)


def make(jitter_ms: int = 0, keepalive_ms: int = 0) -> Timers:
    return Timers(lambda: jitter_ms, keepalive_ms)


def established(now_ms: int, **settings: int) -> Timers:
    t = make(**settings)
    t.request(now_ms)
    t.initiation_sent(now_ms)
    t.response_received(now_ms)
    return t


def test_nothing_to_do_at_first() -> None:
    assert make().next_deadline() is None
    assert make(keepalive_ms=25_000).next_deadline() == 0


@pytest.mark.parametrize("jitter_ms", [0, 333])
def test_retry_after_5_s_and_jitter(jitter_ms: int) -> None:
    t = make(jitter_ms)
    assert t.request(1000)
    t.initiation_sent(1000)
    at_ms = 1000 + 5000 + jitter_ms
    assert t.next_deadline() == at_ms
    assert t.due(at_ms - 1) == 0
    assert t.due(at_ms) == RETRY


def test_a_request_does_not_double_a_handshake_under_way() -> None:
    t = make()
    assert t.request(1000)
    t.initiation_sent(1000)
    assert not t.request(1001)
    assert not t.request(5999)


def test_a_request_soon_after_a_handshake_waits_its_5_s() -> None:
    t = established(1000)
    assert not t.request(3000)
    assert t.next_deadline() == 6000
    assert t.due(6000) == RETRY
    assert established(1000).request(6000)


def attempts_until_the_end(t: Timers, now_ms: int, asked_again_ms: int | None = None) -> list[int]:
    """Times of the initiations, and at last of the give-up."""
    times = []
    assert t.request(now_ms)
    for _ in range(100):
        t.initiation_sent(now_ms)
        times.append(now_ms)
        if asked_again_ms is not None and now_ms >= asked_again_ms:
            t.request(now_ms)
            asked_again_ms = None
        now_ms = t.next_deadline()
        actions = t.due(now_ms)
        if actions == GIVE_UP:
            return [*times, now_ms]
        assert actions == RETRY
    raise AssertionError("never gives up")


@given(st.integers(0, 333))
def test_gives_up_90_s_after_it_was_asked(jitter_ms: int) -> None:
    times = attempts_until_the_end(make(jitter_ms), 1000)
    assert times[-1] == 91_000
    assert 17 <= len(times) - 1 <= 19
    gaps = [b - a for a, b in zip(times[:-2], times[1:-1], strict=True)]
    assert set(gaps) == {5000 + jitter_ms}


def test_a_new_packet_starts_the_90_s_anew() -> None:
    times = attempts_until_the_end(make(), 1000, asked_again_ms=60_000)
    assert times[-1] == 61_000 + 90_000


def test_wipes_after_540_s() -> None:
    t = established(1000)
    assert t.next_deadline() == 541_000
    assert t.due(540_999) == 0
    assert t.due(541_000) == WIPE
    assert t.next_deadline() is None


def test_residue_of_a_failed_handshake_is_wiped_too() -> None:
    t = make()
    end_ms = attempts_until_the_end(t, 1000)[-1]
    assert t.next_deadline() == end_ms + 540_000


def test_passive_keepalive_after_10_s_once() -> None:
    t = established(1000)
    stamps = (0, 2000, 1000, 2000)
    assert t.review(stamps, 2000) == 0
    assert t.is_watching
    assert t.next_deadline() == 12_000
    assert t.review(stamps, 11_999) == 0
    assert t.review(stamps, 12_000) == KEEPALIVE
    t.keepalive_tried(12_000)
    assert t.review(stamps, 12_000) == 0, "also when sending it has failed"
    assert t.review((0, 0, 12_000, 2000), 12_000) == 0
    assert not t.is_watching


@given(st.integers(0, 333))
def test_new_handshake_after_15_s_of_silence(jitter_ms: int) -> None:
    t = established(1000, jitter_ms=jitter_ms)
    stamps = (2000, 0, 9000, 1000)
    at_ms = 2000 + 15_000 + jitter_ms
    assert t.review(stamps, 2000) == 0
    assert t.review(stamps, at_ms - 1) == 0
    assert t.next_deadline() == at_ms
    assert t.review(stamps, at_ms) == HANDSHAKE
    assert t.review(stamps, at_ms) == 0


def test_looks_every_10_s_while_it_keeps_c_quiet() -> None:
    t = established(1000)
    t.review((2000, 0, 2000, 0), 2000)
    assert t.is_watching
    assert t.next_deadline() == 12_000, "an unacked stamp may be set meanwhile"


def test_silence_goes_on_after_a_failed_handshake() -> None:
    t = established(1000)
    assert t.review((2000, 0, 9000, 1000), 17_000) == HANDSHAKE
    # Nothing more is sent: C's stamp alone is no reason for another one.
    assert t.review((2000, 0, 9000, 1000), 60_000) == 0
    # But data still goes out, and still nothing comes back.
    assert t.review((2000, 0, 59_000, 1000), 60_000) == HANDSHAKE
    # A keepalive is owed no answer.
    t.keepalive_tried(90_000)
    assert t.review((2000, 0, 90_000, 1000), 90_000) == 0


def test_an_old_stamp_dies_with_the_keys() -> None:
    t = established(1000)
    assert t.review((2000, 0, 9000, 1000), 17_000) == HANDSHAKE
    assert t.due(541_000) == WIPE
    assert t.review((2000, 0, 9000, 1000), 541_000) == 0
    assert t.next_deadline() is None


def test_persistent_keepalive_counts_from_the_last_packet_either_way() -> None:
    t = established(1000, keepalive_ms=25_000)
    assert t.review((0, 0, 3000, 4000), 4000) == 0
    assert t.next_deadline() == 29_000
    assert not t.is_watching, "a passive keepalive may be due before"
    assert t.review((0, 0, 3000, 4000), 29_000) == KEEPALIVE
    t.keepalive_tried(29_000)
    assert t.review((0, 0, 3000, 4000), 29_000) == 0
    assert t.next_deadline() == 54_000


def test_persistent_keepalive_waits_for_a_handshake_under_way() -> None:
    t = make(keepalive_ms=1000)
    assert t.review(QUIET, 1000) == KEEPALIVE
    t.keepalive_tried(1000)
    t.request(1000)
    t.initiation_sent(1000)
    assert t.review(QUIET, 3000) == 0
    assert t.next_deadline() == 6000


STAMPS = st.tuples(*[st.integers(0, 100_000)] * 4)


@given(STAMPS, st.integers(1, 700_000), st.sampled_from([0, 1000, 25_000]), st.integers(0, 50_000))
def test_review_never_asks_twice_and_never_looks_back(
    stamps: tuple, now_ms: int, keepalive_ms: int, made_ms: int
) -> None:
    t = established(made_ms + 1, keepalive_ms=keepalive_ms)
    now_ms += max(*stamps, made_ms + 1)
    t.due(now_ms)
    seen = 0
    for _ in range(3):
        actions = t.review(stamps, now_ms)
        assert not actions & seen
        seen |= actions
        if actions & timers.KEEPALIVE:
            t.keepalive_tried(now_ms)
    assert actions == 0
    assert t.next_deadline() is None or t.next_deadline() > now_ms


def test_stop_leaves_nothing() -> None:
    t = established(1000, keepalive_ms=5000)
    t.review((0, 2000, 0, 2000), 2000)
    t.stop()
    assert t.next_deadline() is None
