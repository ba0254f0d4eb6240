# SPDX-License-Identifier: MIT
"""A hostile board at the other end of a pty, and the whole of wgprov: it ends in time, writes no
other file than the one it was told to, and prints nothing that drives a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.test_provision_kit import SERVER_KEY, board_config, conf_text
from wgprov import cli, lines
from wgprov import session as session_module
from wgprov.commands import rotate

COMMANDS = {
    "show": ["show"],
    "show-json": ["show", "--json"],
    "dump": ["show", "--dump"],
    "status": ["status"],
    "provision": ["provision", "wg0.conf", "--psk", "generate"],
    "provision-json": ["provision", "wg0.conf", "--json", "--lock", "wg0.lock"],
    "keygen": ["keygen", "--address", "10.7.0.2/24"],
    "rotate": ["rotate", "wg0"],
    "switch": ["rotate", "--switch", "--wait", "0"],
    "backup": ["backup"],
    "backup-out": ["backup", "--out", "backup.conf"],
    "peer": ["peer"],
    "remove": ["remove", "wg0", "--yes"],
    "doctor": ["doctor"],
    "logs": ["logs"],
    "selftest": ["selftest"],
    "erase": ["unlock", "--erase", "--yes"],
    "lock": ["lock", "--key", "wg0.lock"],
    "unlock": ["unlock", "--lock-key", "mine.lock"],
    "pair": ["show", "--pairing-code", "code"],
}
# What each command may leave behind.
MAY_WRITE = {"wg0.server-peer.conf", "backup.conf", "wg0.lock"}
NASTY = [
    "\x1b[2J\x1b]0;owned\x07",
    "../../etc/passwd",
    "/tmp/owned",
    "wg0\nwgprov: all is well",
    "\u202e\u200b\x9b31m",
    "A" * 5000,
    "[bold red]x[/]",
]
texts = st.sampled_from(NASTY) | st.text(max_size=8) | st.just("wg0") | st.just(SERVER_KEY)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
config = st.fixed_dictionaries(
    {}, optional={key: st.just(value) | values for key, value in board_config().items()}
)
interface = st.fixed_dictionaries(
    {"name": texts | values},
    optional={
        "up": st.booleans() | values,
        "public_key": texts,
        "status": texts,
        "error": texts,
        "listen_port": values,
        "counters": st.dictionaries(texts, values, max_size=2) | values,
        "peers": st.lists(
            st.fixed_dictionaries(
                {"public_key": texts},
                optional={
                    "endpoint": values,
                    "allowed_ips": st.lists(texts, max_size=2) | values,
                    "latest_handshake_s": values,
                    "rx_bytes": values,
                    "tx_bytes": values,
                    "preshared": values,
                },
            ),
            max_size=2,
        ),
    },
)
entry = st.fixed_dictionaries(
    {}, optional={k: values for k in ("number", "at_ms", "name", "event")}
)
replies = st.fixed_dictionaries(
    {},
    optional={
        "protocol": st.just(2) | values,
        "names": st.just(["wg0"]) | st.lists(texts, max_size=2),
        "board": texts | values,
        "uid": texts | values,
        "version": texts,
        "firmware": texts,
        "entropy": texts | values,
        "client": texts,
        "locked": st.booleans(),
        "pairing": st.booleans(),
        "line_max_bytes": st.just(4096) | values,
        "send": values,
        "config": st.just(board_config()) | config | values,
        "public_key": st.just(SERVER_KEY) | texts,
        "key": texts,
        "tunnel": texts,
        "token": st.just("00") | texts,
        "preshared": st.just([True]) | values,
        "preshared_before": st.just([True]) | values,
        "interfaces": st.lists(interface, max_size=2) | values,
        "primitives": st.dictionaries(texts, st.lists(texts, max_size=2) | values, max_size=2),
        "entries": st.lists(entry, max_size=2) | values,
        "latest": values,
        "now_ms": values,
        "utc": st.just([2026, 1, 1, 0, 0, 0]) | st.lists(st.integers(), max_size=7) | values,
        "heap_free_bytes": values,
        "resolved": values,
        "problem": texts,
        "static": st.just(SERVER_KEY) | texts,
        "message": texts,
        "attempts": values,
        "challenge": texts,
        "erased": values,
        "working": st.just(True),
        "most_ms": values,
        "error": texts | values,
        "field": texts | values,
        "op": texts,
    },
)
hellos = st.fixed_dictionaries(
    {"protocol": st.just(2), "names": st.just(["wg0"]), "line_max_bytes": st.just(4096)},
    optional={"board": texts, "uid": texts, "locked": st.booleans(), "entropy": texts},
)


class Board(threading.Thread):
    """Answers each frame with the next of its replies, and the last one for ever."""

    def __init__(self, answers: list[dict], junk: bytes) -> None:
        super().__init__(daemon=True)
        self.master, self.slave = pty.openpty()
        for fd in (self.master, self.slave):
            tty.setraw(fd)
        self.port = f"framed:{os.ttyname(self.slave)}"
        self._answers, self._junk = answers, junk
        self._stop_r, self._stop_w = os.pipe()

    def run(self) -> None:
        pending, count = b"", 0
        while True:
            ready, _, _ = select.select([self.master, self._stop_r], [], [])
            if self._stop_r in ready:
                return
            pending += os.read(self.master, 4096)
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                request = lines.unpack(line)
                if request is None:
                    continue
                answer = self._answers[min(count, len(self._answers) - 1)]
                count += 1
                os.write(self.master, self._junk + self._framed(request, answer))

    def _framed(self, request: bytes, answer: dict) -> bytes:
        try:
            number = json.loads(request)["id"]
        except ValueError:  # a secret
            number = None
        reply = json.dumps({"id": number, **answer}).encode()
        return reply + b" " + lines.check(reply) + b"\n"

    def close(self) -> None:
        os.write(self._stop_w, b"x")
        self.join(10)
        for fd in (self.master, self.slave, self._stop_r, self._stop_w):
            os.close(fd)


@pytest.fixture(scope="module", autouse=True)
def _impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "REPLY_TIMEOUT_S", 0.05)
        patch.setattr(session_module, "STEP_MOST_S", 0.05)
        patch.setattr(session_module, "REQUEST_MOST_S", 0.1)
        patch.setattr(lines, "SETTLE_S", 0.01)
        patch.setattr(rotate, "POLL_S", 0.01)
        yield


def folder_for(base: Path) -> Path:
    base.joinpath("wg0.conf").write_text(conf_text())
    base.joinpath("code").write_text("0000-0000-0000-0000-0000")
    base.joinpath("mine.lock").write_text(SERVER_KEY)
    base.joinpath("mine.lock").chmod(0o600)
    return base


def is_calm(text: str) -> bool:
    """No control character but the line's end and the tab, no escape, nothing that turns text."""
    return all(c in "\n\t" or c.isprintable() for c in text)


CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
some = settings(max_examples=3, deadline=None, suppress_health_check=CHECKS)
many = settings(max_examples=60, deadline=None, suppress_health_check=CHECKS)
hostile = given(
    hello=hellos | replies,
    rest=st.lists(replies, max_size=4),
    junk=st.sampled_from([b"", b"\x1b[2J\n", b"{}\n" * 5, b"\xff\n", b"\x04\x04>"]),
)


@pytest.mark.parametrize("name", COMMANDS)
@some
@hostile
def test_a_hostile_board(tmp_path_factory, capfd, monkeypatch, name, hello, rest, junk) -> None:
    face(tmp_path_factory, capfd, monkeypatch, name, hello, rest, junk)


@pytest.mark.boards
@pytest.mark.parametrize("name", COMMANDS)
@many
@hostile
def test_for_longer(tmp_path_factory, capfd, monkeypatch, name, hello, rest, junk) -> None:
    face(tmp_path_factory, capfd, monkeypatch, name, hello, rest, junk)


def face(tmp_path_factory, capfd, monkeypatch, name, hello, rest, junk) -> None:
    folder = folder_for(tmp_path_factory.mktemp("host"))
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    board = Board([hello, *rest], junk)
    board.start()
    capfd.readouterr()
    try:
        status = cli.run([*COMMANDS[name], "-p", board.port])
    finally:
        board.close()
    out, err = capfd.readouterr()
    assert status in (0, 2, 3, 4), err
    assert is_calm(out) and is_calm(err), (out, err)
    after = {path.name for path in folder.iterdir()}
    assert before.keys() <= after and after - before.keys() <= MAY_WRITE
    for known, content in before.items():
        assert (folder / known).read_bytes() == content
    assert len(out) + len(err) < 200_000
