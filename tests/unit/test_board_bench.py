# SPDX-License-Identifier: MIT
"""wgprov bench and the pings of wgprov monitor, on the host's side: what a board answers may be
anything. The figures themselves: tests/hil/test_commands.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wgprov.boardprogram import RESULT, Program, source
from wgprov.commands import bench, monitor
from wgprov.errors import BoardError, InputError


def answering(text: str) -> Program:
    return Program(lambda _code, _timeout_s: text)


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "no result"),
        ("something else\n", "no result: something else"),
        (RESULT + "{\x1b[2J", "makes no sense"),
        (RESULT + "[" * 100_000, "makes no sense"),
    ],
)
def test_a_result_that_is_none(text: str, part: str) -> None:
    with pytest.raises(BoardError) as caught:
        answering(text).value("f()", 1)
    assert part in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("answer", [None, 1, [], {}, {"us": None}, {"us": "x"}, {"us": [1]}])
def test_figures_that_are_none(answer: Any) -> None:
    program = answering(RESULT + json.dumps(answer))
    with pytest.raises(BoardError, match="make no sense"):
        bench._numbers(program, "measure('x25519')", "us")
    with pytest.raises(BoardError, match="make no sense"):
        bench._pings(program, "10.7.0.1", 56, 3)


def test_a_rate_in_words() -> None:
    rate = bench.Rate("seal_1420", 200.0, 2000, 1420, 125_000_000)
    assert rate.row()[1:] == ("200.0 µs", "5000.0/s", "7.10 MB/s", "25000")
    unknown = bench.Rate("x25519", 0.0, 1, 0, None)
    assert unknown.row()[1:] == ("0.0 µs", "-", "", "") and unknown.as_json()["cycles"] is None


def test_a_tunnel_that_answers_nothing() -> None:
    silent = {"sent": 10, "received": 0, "rtt_ms": []}
    rows = dict(bench.Tunnel("wg0", "10.7.0.1", None, silent, silent).rows())
    assert rows["ping 10.7.0.1, 56 bytes"] == "0/10 answered"
    assert set(rows.values()) == {"-", "0/10 answered", "-, 10 lost"}


@pytest.mark.parametrize(
    "allowed_ips, wanted",
    [
        (["10.7.0.0/24", "10.7.0.3/32"], "10.7.0.3"),
        (["10.0.0.0/8", "10.7.0.0/24"], "10.7.0.1"),
        (["0.0.0.0/0"], None),
        (["fd00::/64", "::/0"], None),
        (["nonsense", "10.7.0.0/99"], None),
        ([], None),
    ],
)
def test_where_a_peer_probably_is(allowed_ips: list[str], wanted: str | None) -> None:
    assert monitor.likely_address(allowed_ips) == wanted


@pytest.mark.parametrize("address", ["10.7.0", "fd00::1", "10.7.0.1');print('"])
def test_an_address_of_the_command_line_is_checked(address: str) -> None:
    with pytest.raises(InputError, match="must be the server's IPv4 address"):
        bench._target(None, {"names": ["wg0"]}, "wg0", address)  # type: ignore[arg-type]


def test_what_runs_on_the_board_compiles() -> None:
    code = source("tunnel_clock", "tunnel_ping", "bench")
    compile(code, "board", "exec")
    assert all(f"{name!r}:".replace("'", '"') in code for name in bench.PRIMITIVES)
