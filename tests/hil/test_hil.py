# SPDX-License-Identifier: MIT
"""wgprov hil as a person runs it: on an emulated board, on one that plays a board at a cable, and
with faults that it has to find."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from demo.rig import BOARD_ADDRESS, ROOT, WGPROV, chosen_env

from wgprov.targets.qemu import QemuBoard

TIMEOUT_S = 250
SHORT_S = 2
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PLANTED = f"""
import pytest
from base64 import b64encode
from functools import partial


@pytest.fixture(scope="session")
def rig(rig):
    rig.wait_handshake = partial(rig.wait_handshake, timeout_s={SHORT_S})
    PLANT
    return rig
"""
FAULTS = {
    "another server's key": (
        "rig.server.public_key = b64encode(bytes(31) + b'9').decode()",
        "invalid mac1",
        "handshake begun",
    ),
    "no server there": ("rig.host = '10.0.2.99'", "", "handshake begun"),
}


def hil(*arguments: str | Path, status: int = 0) -> tuple[str, str]:
    """(stdout, stderr) of `wgprov hil`, which must end with that status."""
    command = [WGPROV, "hil", "--quick", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout, done.stderr


def told(*arguments: str | Path, status: int = 0) -> dict[str, Any]:
    return dict(json.loads(hil("--json", *arguments, status=status)[0]))


def pictures(page: str) -> list[tuple[int, int]]:
    """Width and height of each PNG in it."""
    found = []
    for part in page.split("data:image/png;base64,")[1:]:
        data = base64.b64decode(part.split('"')[0])
        assert data.startswith(PNG_HEAD)
        found.append(struct.unpack_from(">II", data, 16))
    return found


BENCH = """
[[board]]
name = "desk"
board = "mps2"
port = "{port}"
server = "10.0.2.2"
listen = "127.0.0.1"
[[board]]
name = "away"
board = "rpi_pico_w"
serial = "NOT-PLUGGED-IN"
server = "10.0.2.2"
"""


@pytest.mark.long
def test_a_bench_with_a_board_at_a_port_and_one_that_is_not_there(
    elf: Path, tmp_path: Path
) -> None:
    """An emulated board plays hardware: hil finds it at its port, and neither boots nor ends it."""
    with QemuBoard(chosen_env(), elf, tmp_path / "flash.bin") as board:
        board.wait_prompt()
        bench, junit, page = (tmp_path / name for name in ("bench.toml", "hil.xml", "hil.html"))
        bench.write_text(BENCH.format(port=board.port))
        words = ("-k", "handshake or resets or tcp_to_board")
        made = told("--bench", bench, *words, "--junit", junit, "--html", page, status=3)
        check_verdicts(made)
        check_reports(junit, page)
        assert wgprov_json(board, "show")["interfaces"] == [], "it leaves nothing behind"
        refuses_what_is_in_use(board, tmp_path, bench)


def check_verdicts(made: dict[str, Any]) -> None:
    verdicts = {t["name"]: (t["verdict"], t["kind"], t["tests"]) for t in made["targets"]}
    assert verdicts == {
        "desk": ("passed", "hardware", {"passed": 3}),
        "away": ("absent", "hardware", {"absent": 3}),
    }
    assert "serial number NOT-PLUGGED-IN" in made["targets"][1]["absent"]
    figures = {f["label"]: f for test in made["tests"] for f in test["figures"]}
    assert len(figures["ping server → board"]["numbers"]) == 10
    assert figures["TCP server → board"]["unit"] == "Mbit/s"


def check_reports(junit: Path, page: Path) -> None:
    suite = ElementTree.parse(junit).getroot().find("testsuite")
    assert suite is not None and (suite.get("tests"), suite.get("errors")) == ("6", "3")
    names = {p.get("name") for p in suite.iter("property")}
    assert {"handshake", "ping board → server", "TCP server → board"} <= names
    shown = pictures(page.read_text())
    assert len(shown) == 3 and all(width > 500 and height > 200 for width, height in shown)


def refuses_what_is_in_use(board: QemuBoard, tmp_path: Path, bench: Path) -> None:
    """A board that serves somebody is not destroyed without a word."""
    conf = tmp_path / "wg0.conf"
    key = base64.b64encode(bytes(range(32))).decode()
    peer = f"[Peer]\nPublicKey = {key}\nAllowedIPs = 10.7.0.0/24\nEndpoint = 10.0.2.2:9\n"
    conf.write_text(f"[Interface]\nAddress = {BOARD_ADDRESS}/24\n{peer}")
    out = tmp_path / "peer.conf"
    before = wgprov_json(board, "provision", "--server-peer-out", str(out), str(conf))
    said, error = hil("--bench", bench, "--board", "desk", "-k", "makes_its_key", status=4)
    assert "has an interface wg0 already" in said and "1 of 1 tests failed" in error
    [kept] = wgprov_json(board, "show")["interfaces"]
    assert kept["public_key"] == before["public_key"]


def wgprov_json(board: QemuBoard, command: str, *arguments: str) -> dict[str, Any]:
    line = [str(WGPROV), command, "--json", "-p", board.port, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    "name", [list(FAULTS)[0], pytest.param(list(FAULTS)[1], marks=pytest.mark.boards)]
)
def test_a_planted_fault_is_found_and_said(tmp_path: Path, name: str) -> None:
    plant, server_says, board_says = FAULTS[name]
    shutil.copy(ROOT / "tests" / "hil" / "test_tunnel.py", tmp_path)
    (tmp_path / "conftest.py").write_text(PLANTED.replace("PLANT", plant))
    made = told(tmp_path / "test_tunnel.py", "-t", chosen_env(), "-k", "handshake", status=4)
    [target], [test] = made["targets"], made["tests"]
    assert target["verdict"] == "failed" and test["outcome"] == "error"
    assert "no handshake in time" in test["reason"]
    assert server_says in "\n".join(test["said"]["server"])
    assert board_says in "\n".join(test["said"]["board"])
