# SPDX-License-Identifier: MIT
"""Older and newer hosts and boards agree on a protocol, or say in one line that they cannot; and
a board that is at work says so in time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import _wireguard
import wireguard.store as store
from tests.unit.test_agent import PSK, prepare, secret_line, talk
from tests.unit.test_provision_kit import board_config
from wgprov import session as session_module
from wgprov.errors import BoardError, PortError, RefusedError
from wgprov.session import Session


class Scripted:
    """A wire whose board answers each request with the next list of lines; b"" after them."""

    name = "scripted"

    def __init__(self, *answers: list[dict]) -> None:
        self.answers = list(answers)
        self.sent: list[dict] = []
        self._lines: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        request = json.loads(bytes(data))
        self.sent.append(request)
        for answer in self.answers.pop(0) if self.answers else []:
            self._lines.append(json.dumps({"id": request["id"], **answer}).encode() + b"\n")

    def read(self) -> bytes:
        if self._lines:
            return self._lines.pop(0)
        time.sleep(0.01)
        return b""


@pytest.mark.parametrize(
    "spoken, agreed",
    [(None, 1), ([1, 1], 1), ([1, 2], 2), ([2, 2], 2), ([1, 9], 2), ([2, 7], 2), ([0, 1], 1)],
)
def test_the_board_takes_the_newest_that_both_speak(
    tmp_path: Path, spoken: list[int] | None, agreed: int
) -> None:
    request = {"op": "hello", "id": 1} | ({"protocol": spoken} if spoken else {})
    [reply] = talk(tmp_path, request)
    assert (reply["protocol"], reply["protocols"]) == (agreed, [1, 2])


@pytest.mark.parametrize("spoken", [[3, 4], [0, 0], [2, 1], [], [1], ["1", "2"], 2, {}, [1, 2, 3]])
def test_the_board_refuses_what_it_does_not_speak(tmp_path: Path, spoken: object) -> None:
    refused, again = talk(
        tmp_path, {"op": "hello", "id": 1, "protocol": spoken}, {"op": "hello", "id": 2}
    )
    assert refused["field"] == "protocol" and "ok" not in refused
    assert again["protocol"] == 1


def test_a_board_at_work_says_so_to_those_who_understand(tmp_path: Path) -> None:
    lines = [prepare(psk=["send"]), secret_line(PSK)]
    old = talk(tmp_path, {"op": "hello", "id": 0}, *lines)
    new = talk(tmp_path, {"op": "hello", "id": 0, "protocol": [1, 2]}, *lines)
    assert [line.get("working") for line in old] == [None] * 3
    assert [line.get("working") for line in new] == [None, None, True, None]
    assert new[2] == {"id": 1, "working": True}


def test_old_host_and_new_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wgprov of protocol 1 says no versions, and takes the first line with its id for the
    reply: nothing else may come."""
    replies = talk(
        tmp_path,
        {"op": "hello", "id": 1},
        {"op": "prepare", "id": 2, "config": board_config()},
        {"op": "show", "id": 3},
        {"op": "bye", "id": 4},
    )
    assert [reply["id"] for reply in replies] == [1, 2, 3, 4]
    assert replies[0]["protocol"] == 1 and "token" in replies[1]


def test_new_host_and_old_board(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board of protocol 1 ignores the versions; it may take its time, for it cannot say so."""
    monkeypatch.setattr(session_module, "REPLY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(session_module, "OLD_TIMEOUT_S", 0.4)
    wire = Scripted([{"ok": True, "protocol": 1}])
    session = Session(wire)
    assert session.hello()["protocol"] == 1
    started = time.monotonic()
    with pytest.raises(PortError, match="no answer to `show` within 0.4 s"):
        session.request("show")
    assert time.monotonic() - started >= 0.4
    assert wire.sent[0]["protocol"] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True, "protocol": 3},
        {"ok": True, "protocol": 0},
        {"ok": True, "protocol": "2"},
        {"ok": True},
        {"error": "3 to 4 here", "field": "protocol"},
    ],
)
def test_new_host_and_a_board_of_another_time(answer: dict) -> None:
    with pytest.raises(BoardError, match="speaks protocol .*, this wgprov 1 to 2: update"):
        Session(Scripted([answer])).hello()


HELLO = [{"ok": True, "protocol": 2}]
AT_WORK = {"working": True}


def test_each_step_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Scripted(HELLO, [AT_WORK, AT_WORK, {"ok": True, "n": 1}], [{"error": "no"}])
    session = Session(wire)
    session.hello()
    assert session.request("show")["n"] == 1
    with pytest.raises(RefusedError, match="the board refuses: no"):
        session.request("show")


@pytest.mark.parametrize(
    "most_ms, limit_s",
    [(None, 0.1), (50, 0.1), (300, 0.3), (10**9, 0.5), (-1, 0.1), ("x", 0.1), (True, 0.1)],
)
def test_what_a_board_announces_is_bounded(
    monkeypatch: pytest.MonkeyPatch, most_ms: object, limit_s: float
) -> None:
    monkeypatch.setattr(session_module, "REPLY_TIMEOUT_S", 0.1)
    monkeypatch.setattr(session_module, "STEP_MOST_S", 0.5)
    session = Session(Scripted(HELLO, [{"working": True, "most_ms": most_ms}]))
    session.hello()
    with pytest.raises(PortError, match=f"no answer to `probe` within {limit_s:g} s"):
        session.request("probe")


def test_a_board_that_is_at_work_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many words it finds, the request ends."""
    monkeypatch.setattr(session_module, "REQUEST_MOST_S", 0.3)

    class Busy(Scripted):
        def read(self) -> bytes:
            line = super().read()
            return line or json.dumps({"id": 2, "working": True}).encode() + b"\n"

    session = Session(Busy(HELLO))
    session.hello()
    with pytest.raises(PortError, match="no answer to `show`"):
        session.request("show")


# Random bytes


class NoEntropy:
    """`_wireguard` with another generator."""

    def __init__(self, draw) -> None:
        self._draw = draw

    def __getattr__(self, name: str) -> object:
        return getattr(_wireguard, name)

    def random(self, count: int) -> bytes:
        return self._draw(count)

    def entropy(self) -> str:
        return "test source"


def broken(count: int) -> bytes:
    raise OSError(5, "EIO")


def missing(count: int) -> bytes:
    raise AttributeError("no attribute 'urandom'")


@pytest.mark.parametrize(
    "draw", [broken, missing, bytes, lambda n: b"\xff" * n, lambda n: bytes(range(n))]
)
def test_no_key_without_random_bytes(tmp_path: Path, monkeypatch, draw) -> None:
    """Fails, never answers, all zero, all ones, or the same each time: the board makes no key, says
    why, and keeps what it had."""
    import wireguard.entropy as entropy

    kept = talk(tmp_path, prepare())[0]["public_key"]
    monkeypatch.setattr(entropy, "_wireguard", NoEntropy(draw))
    hello, refused, old = talk(
        tmp_path, {"op": "hello", "id": 1}, prepare(key="new"), prepare(key="keep")
    )
    assert hello["entropy"] == "test source"
    assert (refused["field"], refused["error"]) == (
        "key",
        "none made: no random bytes from test source",
    )
    assert old["public_key"] == kept, "a key that exists needs no generator"
    assert store.staged("wg0", str(tmp_path)) == old["token"]


def test_no_room_for_a_key_is_not_the_generators_fault(tmp_path: Path, monkeypatch) -> None:
    class Full:
        @staticmethod
        def generate() -> None:
            raise OSError(12, "ENOMEM")

    import wireguard.entropy as entropy

    fake = NoEntropy(_wireguard.random)
    fake.PrivateKey = Full
    monkeypatch.setattr(entropy, "_wireguard", fake)
    [refused] = talk(tmp_path, prepare())
    assert "random" not in refused["error"] and refused["field"] is None
