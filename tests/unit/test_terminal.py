# SPDX-License-Identifier: MIT
"""What reaches a terminal: colours when they are wanted, and nothing that a board sends."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_provision_kit import ROOT, SERVER_KEY, board_config, conf_text
from wgprov import cli, transport

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[red]x[/blue]\r\n"
LOGGED = {"number": 1, "at_ms": 0, "times": 1} | dict.fromkeys(("name", "event"), EVIL)
LOGGED |= dict.fromkeys(("peer", "detail"), EVIL)
DROPPED = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


class EvilSession:
    """Answers as an agent does, and wherever words of its own choice may stand, they are EVIL."""

    def __init__(self, refuses: bool) -> None:
        self._refuses = refuses

    def hello(self) -> dict[str, Any]:
        return {"protocol": 1, "version": EVIL, "board": EVIL, "uid": EVIL, "names": ["wg0"]}

    def request(self, operation: str, _: float = 0, **fields: Any) -> Any:
        answers = {
            "show": {"interfaces": [interface()]},
            "config": self._config(),
            "selftest": {"primitives": {EVIL: [EVIL, "passed"]}},
            "probe": {"utc": [2026, 1, 1, 0, 0, 0], "resolved": None, "problem": EVIL},
            "logs": {"entries": [LOGGED], "latest": 1, "now_ms": 0},
            "staged": {"token": EVIL, "public_key": EVIL},
            "prepare": self._config() | {"token": EVIL} | fields,
            "commit": {"public_key": SERVER_KEY, "tunnel": EVIL},
            "remove": {"tunnel": EVIL},
            "ping": {"us": EVIL},
        }
        return answers.get(operation, {})

    def _config(self) -> dict[str, Any]:
        config = board_config() | ({"dns": [EVIL]} if self._refuses else {})
        return {"config": config, "public_key": SERVER_KEY, "preshared": [True], "key": EVIL}


def interface() -> dict[str, Any]:
    peer = {"public_key": EVIL, "endpoint": EVIL, "allowed_ips": [EVIL], "status": EVIL}
    peer |= {"latest_handshake_s": None, "preshared": True, EVIL: EVIL}
    shown = {"name": EVIL, "public_key": EVIL, "up": False, "status": EVIL, "error": EVIL}
    return shown | {"peers": [peer], "counters": {f"drop_{EVIL}": 3}, "mtu": EVIL}


COMMANDS = [
    *(["show"], ["show", "--dump"], ["status"], ["peer"], ["backup"], ["doctor"], ["selftest"]),
    *(["rotate"], ["keygen", "--address", "10.7.0.2/24"], ["provision", "wg0.conf"]),
    *(["monitor", "--count", "1"], ["remove", "wg0", "--yes"], ["ports"], ["logs"]),
]


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_board_cannot_drive_the_terminal(
    arguments: list[str],
    refuses: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    @contextlib.contextmanager
    def connect(name: str) -> Iterator[EvilSession]:
        yield EvilSession(refuses)

    monkeypatch.chdir(tmp_path)
    Path("wg0.conf").write_text(conf_text())
    monkeypatch.setattr(transport, "connect", connect)
    monkeypatch.delenv("WGPROV_DEBUG", raising=False)
    port = ["-p", "/dev/board"]
    for more in ([], ["--json"]) if "--dump" not in arguments else ([],):
        status = cli.run([*arguments, *port, *more])
        out, err = capfd.readouterr()
        assert status in (0, 4), err
        assert not any(c in out + err for c in DROPPED)
        if more and out:
            said = json.dumps(json.loads(out), ensure_ascii=False)
            assert not any(c in said for c in DROPPED), "a script that prints it is safe as well"


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What wgprov writes to a terminal that is its standard output and standard error."""
    master, slave = pty.openpty()
    base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    base |= {"PYTHONPATH": str(ROOT / "host_tools"), "TERM": "xterm-256color"}
    code = "from wgprov.cli import main; main()"
    try:
        subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            timeout=60,
            env=base | environment,
        )
        os.set_blocking(master, False)
        return os.read(master, 65536).decode()
    finally:
        os.close(slave)
        os.close(master)


def test_colours_on_a_terminal_unless_unwanted() -> None:
    wrong = ("show", "-p", "/dev/does-not-exist")
    assert "\x1b[31m" in on_a_terminal(*wrong)
    assert "\x1b" not in on_a_terminal(*wrong, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*wrong, TERM="dumb")
