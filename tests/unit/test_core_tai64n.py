# SPDX-License-Identifier: MIT
"""Time stamps never go back: through resets, power cuts at every store, and any clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireguard.core import tai64n
from wireguard.core.tai64n import Timestamps

HOUR_MS = 3_600_000
TODAY_MS = 1_800_000_000_000


class PowerCut(Exception):
    pass


class Flash:
    """A mark on flash. `cut` says when the next store dies: before or after it is durable."""

    def __init__(self) -> None:
        self.mark = 0
        self.writes = 0
        self.cut: str | None = None

    def load(self) -> int:
        return self.mark

    def store(self, mark: int) -> None:
        cut, self.cut = self.cut, None
        if cut != "before":
            self.writes += 1
            self.mark = mark
        if cut:
            raise PowerCut


def test_format() -> None:
    # 1970-01-01 00:00:00 UTC was 10 s of TAI; the label's base is 2^62.
    assert tai64n.pack(0) == bytes.fromhex("400000000000000a00000000")
    assert tai64n.pack(1_234_567) == (2**62 + 10 + 1234).to_bytes(8, "big") + (
        567_000_000
    ).to_bytes(4, "big")
    assert len(tai64n.pack(tai64n.CLOCK_MAX_MS)) == 12


@given(st.integers(0, tai64n.CLOCK_MAX_MS), st.integers(0, tai64n.CLOCK_MAX_MS))
def test_order_of_bytes_is_order_of_time(a: int, b: int) -> None:
    assert (tai64n.pack(a) < tai64n.pack(b)) == (a < b)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("stamp"), st.integers(1, 400)),
        st.tuples(st.just("cut"), st.sampled_from(["before", "after"])),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("wall"), st.none() | st.integers(-1, 2**70)),
        st.tuples(st.just("wall"), st.integers(TODAY_MS, TODAY_MS + 50 * HOUR_MS)),
        st.tuples(st.just("tick"), st.integers(0, 10 * HOUR_MS)),
    ),
    max_size=60,
)


@given(EVENTS)
def test_strictly_increasing_whatever_happens(events: list[tuple[str, object]]) -> None:
    flash, clock, last = Flash(), [None], b""
    stamps = Timestamps(flash.load, flash.store, lambda: clock[0])
    for what, value in events:
        if what == "wall":
            clock[0] = value
        elif what == "tick" and clock[0] is not None:
            clock[0] += value
        elif what == "cut":
            flash.cut = value
        elif what == "restart":
            stamps = Timestamps(flash.load, flash.store, lambda: clock[0])
        elif what == "stamp":
            for _ in range(value):
                try:
                    now = stamps()
                except PowerCut:
                    stamps = Timestamps(flash.load, flash.store, lambda: clock[0])
                    continue
                assert now > last
                last = now


def test_the_mark_is_stored_before_it_is_needed() -> None:
    flash = Flash()
    stamps = Timestamps(flash.load, flash.store)
    for _ in range(200_000):
        assert stamps() <= tai64n.pack(flash.mark)


def test_a_failing_store_uses_nothing_up() -> None:
    def store(_mark: int) -> None:
        raise OSError(28)

    stamps = Timestamps(lambda: 7, store)
    for _ in range(3):
        with pytest.raises(OSError):
            stamps()
    stamps.store = lambda _mark: None
    assert stamps() == tai64n.pack(8)


@pytest.mark.parametrize("wall", [None, 0, -5, 2**70, tai64n.CLOCK_MIN_MS - 1, tai64n.CLOCK_MAX_MS])
def test_an_implausible_clock_is_no_clock(wall: int | None) -> None:
    assert Timestamps(lambda: 41, lambda _m: None, lambda: wall)() == tai64n.pack(42)


def test_a_clock_is_followed_and_a_late_clock_waited_for() -> None:
    clock = [TODAY_MS]
    stamps = Timestamps(lambda: 0, lambda _m: None, lambda: clock[0])
    assert stamps() == tai64n.pack(TODAY_MS)
    assert stamps() == tai64n.pack(TODAY_MS + 1)
    clock[0] -= HOUR_MS
    assert stamps() == tai64n.pack(TODAY_MS + 2)
    clock[0] = TODAY_MS + 5000
    assert stamps() == tai64n.pack(TODAY_MS + 5000)


@pytest.mark.parametrize("has_clock", [False, True])
def test_at_most_one_write_in_an_hour_of_continual_retries(has_clock: bool) -> None:
    flash, clock = Flash(), [TODAY_MS]
    stamps = Timestamps(flash.load, flash.store, lambda: clock[0] if has_clock else None)
    hours = 24
    for _ in range(hours * 720):
        stamps()
        clock[0] += 5000
    assert flash.writes <= hours + 1


def test_one_write_in_each_start_and_little_drift() -> None:
    flash = Flash()
    for _ in range(1000):
        Timestamps(flash.load, flash.store)()
    assert flash.writes == 1000
    assert flash.mark < 20 * HOUR_MS
