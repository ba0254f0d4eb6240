# SPDX-License-Identifier: MIT
"""The framed serial line, without a REPL: checksums, lines sent again, and a cable that damages."""

from __future__ import annotations

import io
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wireguard.agent as agent
from tests.unit.test_agent import PSK, encoded, prepare, secret_line
from tests.unit.test_provision_kit import stored, tapped_agent
from wgprov import lines
from wgprov.commands import provision, show
from wgprov.errors import PortError, WgprovError
from wgprov.transport import resolve


def frame(line: bytes | dict) -> bytes:
    whole = (encoded(line) if isinstance(line, dict) else line).rstrip(b"\n")
    return whole + b" " + lines.check(whole) + b"\n"


def listen(root: Path, data: bytes) -> list[bytes]:
    """What the board says to `data`, unpacked."""
    out = io.BytesIO()
    agent.listen(io.BytesIO(data), out, root=str(root))
    answers = [lines.unpack(line) for line in out.getvalue().splitlines()]
    assert None not in answers, "every frame has a right checksum"
    return answers


HELLO = {"op": "hello", "id": 1}
DAMAGED = {"error": lines.DAMAGED, "field": "line", "id": None}


def test_a_conversation_and_the_next(tmp_path: Path) -> None:
    data = frame(HELLO) + frame({"op": "bye", "id": 2}) + frame({"op": "show", "id": 1})
    said = [json.loads(line) for line in listen(tmp_path, data)]
    assert [(reply["id"], reply["ok"]) for reply in said] == [(1, True), (2, True), (1, True)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.replace(b"hello", b"hallo"),
        lambda line: line[:-2] + b"g\n",
        lambda line: line.replace(b" ", b"", 1)[:-12] + b"\n",
        lambda line: line[5:],
        lambda line: b"\x00\x03\xff" + line,
        lambda line: b"{}\n",
        lambda line: b"x\n",
        lambda line: b" 12345678\n",
    ],
)
def test_a_damaged_line_is_not_carried_out(tmp_path: Path, damage) -> None:
    first, second = listen(tmp_path, damage(frame(HELLO)) + frame(HELLO))
    assert json.loads(first) == DAMAGED and json.loads(second)["ok"]


def test_a_line_that_comes_twice_is_carried_out_once(tmp_path: Path) -> None:
    """The reply was damaged: the host sends its line again, and the board makes no second key."""
    line = frame(prepare(key="new"))
    first, again, other = listen(tmp_path, line * 2 + frame(prepare(key="new", id=5)))
    assert first == again and json.loads(first)["key"] == "made"
    assert json.loads(other)["public_key"] != json.loads(first)["public_key"]


def test_a_secret_that_comes_twice(tmp_path: Path) -> None:
    asked = prepare(psk=["send", "send"])
    asked["config"]["peers"].append(dict(asked["config"]["peers"][0]))
    asked["config"]["peers"][1].update(public_key="A" * 42 + "E=", allowed_ips=["10.9.0.0/24"])
    secret = frame(secret_line(PSK))
    other = frame(secret_line(PSK[::-1]))
    said = listen(tmp_path, frame(asked) + secret + secret + other + other)
    assert [json.loads(line).get("send") for line in said] == [
        ["psk[0]", "psk[1]"],
        ["psk[1]"],
        ["psk[1]"],
        None,
        None,
    ]
    assert json.loads(said[-1])["preshared"] == [True, True]


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_are_answered_in_frames(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    root = tmp_path_factory.mktemp("board")
    for line in listen(root, data + b"\n" + frame(HELLO)):
        assert isinstance(json.loads(line), dict)
    assert json.loads(line)["ok"]


# wgprov, the real agent in another process, and a pty whose cable damages


def test_provision_over_frames(conf: Path, board: Path) -> None:
    with tapped_agent(board, framed=True) as (session, tap):
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
        [shown] = show.run(session)
        session.bye()
        assert not session._lines._last
    assert shown["public_key"] == outcome.public_key and stored(board)[2] != [None]
    assert all(lines.unpack(line.strip()) for _, line in tap.lines if line.strip())


class Noise:
    """Damages a line in four, the first one with something in it among them."""

    def __init__(self, how) -> None:
        self._how, self._random, self.damaged = how, random.Random(1), 0

    def __call__(self, line: bytes) -> bytes:
        if not line.strip() or (self.damaged and self._random.random() > 0.25):
            return line
        self.damaged += 1
        return self._how(line)


@pytest.mark.parametrize(
    "how",
    [
        lambda line: line[:20] + b"#" + line[21:],
        lambda line: line[:-9] + b"00000000\n",
        lambda line: b"\xff\x00" + line,
        lambda line: line[: len(line) // 2] + b"\n" + line[len(line) // 2 :],
    ],
    ids=["byte", "checksum", "glitch", "split"],
)
def test_many_lines_are_damaged(conf: Path, board: Path, monkeypatch, how) -> None:
    """Either way: everything arrives, once."""
    monkeypatch.setattr(lines, "AGAIN_AFTER_S", 0.4)
    noise = Noise(how)
    with tapped_agent(board, framed=True) as (session, tap):
        tap.alter = noise
        outcome = provision.run(session, provision.plan(conf, psk="generate"))
        session.bye()
    assert noise.damaged > 1
    assert outcome.key_origin == "made" and os.listdir(board) == ["wg0.wg"]
    assert stored(board)[2] == [bytes(outcome.servers[0][1].preshared)]


@pytest.mark.parametrize("direction", ["host", "board"])
def test_a_line_that_damages_everything(conf: Path, board: Path, monkeypatch, direction) -> None:
    monkeypatch.setattr(lines, "AGAIN_AFTER_S", 0.05)
    with tapped_agent(board, framed=True) as (session, tap):
        mine = direction == "host"
        tap.alter = lambda line: line.replace(b'"', b"'") if (b'"op"' in line) == mine else line
        with pytest.raises(PortError, match="damages what is sent"):
            provision.run(session, provision.plan(conf))
    assert stored(board) is None


def test_prints_of_a_program_between_frames(conf: Path, board: Path) -> None:
    with tapped_agent(board, framed=True) as (session, _):
        session._lines.pending += b"boot\r\n{}\n\xff\xfe 12345678\n\x04\n"
        assert session.hello()["protocol"] == 2
        session.bye()


def test_names_of_framed_lines() -> None:
    assert resolve("framed:a0") == "/dev/ttyACM0" and resolve("framed:COM3") == "COM3"
    assert resolve("framed:socket://127.0.0.1:9") == "socket://127.0.0.1:9"


def test_nobody_listens(tmp_path: Path) -> None:
    """The port opens, and no agent is there."""
    import pty

    from wgprov import session as session_module
    from wgprov import transport

    master, slave = pty.openpty()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session_module, "REPLY_TIMEOUT_S", 0.2)
            with pytest.raises(WgprovError, match="no answer to `hello` within 0.2 s"):
                with transport.connect(f"framed:{os.ttyname(slave)}") as session:
                    session.hello()
    finally:
        os.close(slave)
        os.close(master)
