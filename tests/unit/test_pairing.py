# SPDX-License-Identifier: MIT
"""Pairing: the board's half against the host's, which is the library noiseprotocol, with an
attacker on the cable between them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wireguard
import wireguard.agent as agent
import wireguard.pairing as board_side
from tests.unit.test_agent import encoded, prepare
from tests.unit.test_provision_kit import (
    Tap,
    serving,
    spellings,
    stored,
)
from wgprov import cli, keys, pairing
from wgprov.commands import provision, show
from wgprov.errors import BoardError, InputError, PortError, WgprovError
from wgprov.session import Session

CODE = "K7Q29FDMXW3TPZ8R4HN"
SHOWN = "-".join(
    (CODE + board_side.check_char(CODE))[i : i + 4] for i in range(0, len(CODE) + 1, 4)
)
OTHER = "0" * 19 + board_side.check_char("0" * 19)
# The board's process: the code is put where pair() would have put a random one.
PAIRED = f"""
import wireguard.entropy, wireguard.pairing as pairing
alphabet = pairing.ALPHABET
wireguard.entropy.random_bytes = lambda count: bytes(alphabet.index(c) for c in "{CODE}")
shown = []
pairing.new(shown.append)
assert shown == ["{SHOWN}"], shown
"""


@pytest.fixture(autouse=True)
def _unpaired() -> Iterator[None]:
    yield
    board_side.spend()
    board_side.required = False


@pytest.fixture(params=[False, True], ids=["repl", "framed"])
def framed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def paired(board: Path, framed: bool = False) -> contextlib.AbstractContextManager:
    return serving(board, framed=framed, setup=PAIRED)


def test_a_code_has_95_bits_and_is_read_forgivingly() -> None:
    shown: list[str] = []
    wireguard.pair(shown.append)
    [code] = shown
    assert len(code.split("-")) == 5 and {len(group) for group in code.split("-")} == {4}
    assert len(set(pairing.ALPHABET)) == 32 and pairing.CODE_CHARS * 5 == 95
    psk = pairing.parse(code)
    assert psk == pairing.parse(code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    assert len(psk) == 32 and psk.endswith(code.replace("-", "")[:-1].encode())
    wireguard.pair(shown.append)
    assert shown[0] != shown[1]


@given(st.text(board_side.ALPHABET, min_size=19, max_size=19), st.integers(0, 19), st.data())
def test_one_wrong_character_is_found(code: str, at: int, data: st.DataObject) -> None:
    whole = code + board_side.check_char(code)
    assert board_side.check_char(code) == pairing.check_char(code)
    other = data.draw(st.sampled_from(board_side.ALPHABET).filter(lambda c: c != whole[at]))
    with pytest.raises(InputError, match="mistyped") as caught:
        pairing.parse(whole[:at] + other + whole[at + 1 :])
    assert code not in str(caught.value)


@pytest.mark.parametrize("text", ["", "K7Q2", SHOWN + "0", SHOWN.replace("K", "U"), "é" * 20])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(InputError, match="a pairing code has 20"):
        pairing.parse(text)


def test_provision_with_the_code(conf: Path, board: Path, framed: bool) -> None:
    with paired(board, framed) as (session, tap):
        session.pair(pairing.parse(SHOWN))
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
        [shown] = show.run(session)
        session.bye()
    assert shown["public_key"] == outcome.public_key
    _, private_key, [psk] = stored(board)
    for secret in (private_key, psk, CODE.encode()):
        for spelling in spellings(bytes(secret)):
            assert spelling not in tap.to_host and spelling not in tap.to_board
    for _, line in tap.lines:
        assert b"10.7.0" not in line and outcome.public_key.encode() not in line


@pytest.mark.parametrize("request_", [{"op": "show"}, {"op": "config", "name": "wg0"}, prepare()])
def test_without_the_code_the_board_does_and_tells_nothing(tmp_path: Path, request_: dict) -> None:
    wireguard.pair(lambda code: None)
    out = io.BytesIO()
    lines = [{"op": "hello", "id": 1, "protocol": [1, 2]}, {"id": 2, **request_}]
    agent.serve(io.BytesIO(b"".join(map(encoded, lines))), out, root=str(tmp_path))
    hello, refused = [json.loads(line) for line in out.getvalue().splitlines()]
    assert set(hello) == {"id", "ok", "protocol", "protocols", "pairing"} and hello["pairing"]
    assert (refused["field"], refused["error"]) == ("pair", "a pairing code is needed")
    assert os.listdir(tmp_path) == []


def test_a_listener_that_always_wants_a_code(tmp_path: Path) -> None:
    from tests.unit.test_frames import frame

    out = io.BytesIO()
    data = frame({"op": "show", "id": 1}) + frame({"op": "pair", "id": 2})
    agent.listen(io.BytesIO(data), out, root=str(tmp_path), pairing=True)
    assert b"a pairing code is needed" in out.getvalue() and b"no code" in out.getvalue()


def test_wgprov_says_that_a_code_is_needed(conf: Path, board: Path) -> None:
    with paired(board) as (session, _):
        with pytest.raises(BoardError, match="asks for its pairing code: --pairing-code"):
            provision.run(session, provision.plan(conf))
        session.request("bye")


def test_wrong_code(conf: Path, board: Path, framed: bool) -> None:
    """Five handshakes, then the code is void, the right one included."""
    with paired(board, framed) as (session, _):
        for left in (4, 3, 2, 1, 0):
            with pytest.raises(BoardError, match=rf"this pairing code.*\({left} attempts left\)"):
                session.pair(pairing.parse(OTHER))
        with pytest.raises(BoardError, match="no code: wireguard.pair"):
            session.pair(pairing.parse(SHOWN))
        session.request("bye")
    assert stored(board) is None


def test_right_code_after_a_wrong_one(conf: Path, board: Path, framed: bool) -> None:
    with paired(board, framed) as (session, _):
        with pytest.raises(BoardError, match="this pairing code"):
            session.pair(pairing.parse(OTHER))
        session.pair(pairing.parse(SHOWN))
        provision.run(session, provision.plan(conf))
        session.bye()
    assert stored(board)


def test_a_code_is_good_for_one_conversation(conf: Path, board: Path) -> None:
    with paired(board, framed=True) as (session, tap):
        session.pair(pairing.parse(SHOWN))
        provision.run(session, provision.plan(conf))
        session.bye()
        again = Session(session._lines._lines._wire, framed=True)
        with pytest.raises(BoardError, match="asks for its pairing code"):
            again.hello()
        with pytest.raises(BoardError, match="no code"):
            again.pair(pairing.parse(SHOWN))


def test_a_conversation_that_breaks_can_be_made_again(conf: Path, board: Path) -> None:
    """The cable was pulled and the host knows nothing of it any more; the code is still good."""
    with paired(board, framed=True) as (session, _):
        wire = session._lines._wire
        session.pair(pairing.parse(SHOWN))
        assert session.hello()["names"] == []
        again = Session(wire, framed=True)
        again.pair(pairing.parse(SHOWN))
        provision.run(again, provision.plan(conf))
        again.bye()
    assert stored(board)


# An attacker on the cable


def attack(tap: Tap, when, how) -> list[bytes]:
    """Do `how` to the first line for which `when(direction, line)`; returns what was hit."""
    hit: list[bytes] = []

    def alter(line: bytes) -> bytes:
        if hit or not when(line):
            return line
        hit.append(line)
        return how(line)

    tap.alter = alter
    return hit


def record(number: int):
    """The record of that number, in both directions together."""
    count = [0]

    def when(line: bytes) -> bool:
        count[0] += line.startswith(b"=")
        return line.startswith(b"=") and count[0] == number

    return when


def flip(line: bytes) -> bytes:
    middle = len(line) // 2
    return line[:middle] + bytes([line[middle] ^ 1]) + line[middle + 1 :]


OURS = json.dumps({"op": "prepare", "id": 9, "config": {"name": "wg0"}}).encode() + b"\n"
ATTACKS = {
    "byte": flip,
    "cut": lambda line: line[: len(line) // 2] + b"\n",
    "twice": lambda line: line + line,
    "plain": lambda line: OURS,
    "before": lambda line: OURS + line,
    "error": lambda line: b'{"error": "\x1b[2J", "field": null, "id": null}\n',
}


@pytest.mark.parametrize("how", ATTACKS)
@pytest.mark.parametrize("number", [1, 2, 3, 5, 8])
def test_a_man_in_the_middle_changes_a_record(
    conf: Path, board: Path, monkeypatch, how: str, number: int
) -> None:
    """hello, its reply, prepare, …: one clear error, and nothing of the attacker's is in force."""
    from wgprov import session as session_module

    with paired(board) as (session, tap):
        session.pair(pairing.parse(SHOWN))
        monkeypatch.setattr(session_module, "REPLY_TIMEOUT_S", 1.0)
        hit = attack(tap, record(number), ATTACKS[how])
        try:
            provision.run(session, provision.plan(conf, psk="generate"))
        except WgprovError as error:
            assert isinstance(error, PortError) and str(error).isprintable()
        else:  # what the host passes over: lines of a program on the board
            assert how in ("before", "plain") or number > 7
        assert hit
    now = stored(board)
    assert now is None or (now[0]["address"] == ["10.7.0.2/24"] and now[2] != [None])


def test_a_replay_of_another_conversation(conf: Path, board: Path) -> None:
    with paired(board) as (session, tap):
        session.pair(pairing.parse(SHOWN))
        session.hello()
        old = next(line for way, line in tap.lines if way == "host" and line.startswith(b"="))
        session.request("show")
        attack(tap, record(1), lambda line: old)
        with pytest.raises(PortError, match="not encrypted: it may be forged"):
            session.request("show")


def public_key(line: bytes, field: str, value: bytes) -> bytes:
    reply = json.loads(line)
    reply[field] = base64.b64encode(value + base64.b64decode(reply[field])[len(value) :]).decode()
    return json.dumps(reply).encode() + b"\n"


@pytest.mark.parametrize(
    "mark, change",
    [
        (b'"static"', lambda line: public_key(line, "static", bytes([9] * 32))),
        (b'"message"', lambda line: public_key(line, "message", bytes([9] * 32))),
        (b'"message"', lambda line: public_key(line, "message", bytes(32))),
    ],
    ids=["static", "ephemeral", "zero"],
)
@pytest.mark.parametrize("way", ["host", "board"])
def test_a_man_in_the_middle_changes_the_handshake(
    conf: Path, board: Path, mark: bytes, change, way: str
) -> None:
    with paired(board) as (session, tap):
        hit = attack(
            tap, lambda line: mark in line and (b'"ok"' in line) == (way == "board"), change
        )
        if way == "host" and mark == b'"static"':
            return  # the host sends none
        with pytest.raises(BoardError, match="changes what is sent|changed on the way"):
            session.pair(pairing.parse(SHOWN))
        assert hit
        with pytest.raises(BoardError, match="asks for its pairing code|record"):
            session.hello()


def test_a_man_in_the_middle_with_a_handshake_of_his_own(conf: Path, board: Path) -> None:
    """He plays the board to the host, with the whole of our board's code but another pairing code:
    the host notices before it has sent anything."""
    setup = PAIRED.replace(CODE, "0" * 19).replace(SHOWN, "0000-0000-0000-0000-0000")
    with serving(board, setup=setup) as (session, tap):
        with pytest.raises(BoardError, match="does not have this pairing code"):
            session.pair(pairing.parse(SHOWN))
        with pytest.raises(BoardError, match="asks for its"):
            provision.run(session, provision.plan(conf, psk="generate"))
    assert stored(board) is None and not [line for _, line in tap.lines if line.startswith(b"=")]


# Secrets


def test_keys_and_buffers_are_wiped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    wireguard.pair(shown.append)
    psk = board_side._psk
    conversation = board_side.Pairing()
    offer = conversation.offer()
    handshake = pairing.Handshake(pairing.parse(shown[0]), offer)
    static = conversation._static
    answer = conversation.answer(handshake.message())
    made = conversation._made
    assert static._memory is None, "its one handshake is over"
    conversation.wipe()
    board_side.spend()
    assert made._memory is None and psk._memory is None
    assert set(answer) == {"message", "attempts"}


def test_the_code_is_no_argument(conf: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    assert cli.run(["show", "-p", "framed:/dev/null", "--pairing-code", SHOWN]) != 0
    err = capsys.readouterr().err
    assert "on the command line is seen by others" in err and SHOWN not in err
    file = tmp_path / "code"
    file.write_text(SHOWN + "\n")
    assert pairing.read(str(file)) == pairing.parse(SHOWN)
    monkeypatch.setattr(sys, "stdin", io.StringIO(SHOWN + "\n"))
    assert pairing.read("-") == pairing.parse(SHOWN)
    with pytest.raises(InputError, match="cannot read it"):
        pairing.read(str(tmp_path / "none"))
    keys.wipe(bytearray(3))
