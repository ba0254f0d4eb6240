# SPDX-License-Identifier: MIT
"""The framed serial line and the pairing code on the real firmware."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hil.test_wgprov import (
    ELF,
    ENV,
    NEW,
    OLD,
    Cable,
    in_force,
    python,
    wgprov,
    write_conf,
)
from tests.unit.test_pairing import OTHER
from tests.unit.test_provision_kit import spellings
from wgprov.targets.qemu import QemuBoard

MAIN = "from wireguard import agent\\nagent.listen()\\n"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QemuBoard]:
    with QemuBoard(ENV, ELF, tmp_path_factory.mktemp("framed") / "flash.bin") as running:
        running.wait_prompt()
        python(running, f"f = open('/main.py', 'w')\nf.write('{MAIN}')\nf.close()")
        running.power_cut()
        running.start()
        yield running


def test_wgprov_on_a_line_without_a_prompt(
    board: QemuBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_conf(OLD)
    port = f"framed:{board.port}"
    out, err = wgprov("provision", "-p", port, "--psk", "generate", "--json", "wg0.conf")
    made = json.loads(out)
    assert (made["key"], made["entropy"], made["tunnel"], err) == (
        "made",
        "os.urandom",
        "started",
        "",
    )
    assert f"public key: {made['public_key']}" in wgprov("show", "-p", port)[0]
    again = json.loads(wgprov("provision", "-p", port, "--psk", "keep", "--json", "wg0.conf")[0])
    assert (again["key"], again["public_key"]) == ("kept", made["public_key"])
    # Ctrl-C on the REPL's own line is the developer's way back.
    address, _, _, psk = in_force(board)
    assert address == OLD and len(psk) == 32


def test_lock_on_the_real_firmware(
    board: QemuBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_conf(NEW)
    wgprov("provision", "-p", board.port, "--lock", "fleet.lock", "wg0.conf")
    before = in_force(board)
    _, err = wgprov("provision", "-p", board.port, "wg0.conf", status=4)
    assert "lock: its key is needed" in err and in_force(board) == before
    with Cable(board) as cable:
        wgprov("backup", "-p", cable.port, "--lock-key", "fleet.lock")
    for spelling in spellings(base64.b64decode(Path("fleet.lock").read_text())):
        assert spelling not in cable.to_board
    Path("other.lock").write_text(base64.b64encode(bytes(range(1, 33))).decode())
    _, err = wgprov("remove", "wg0", "-y", "-p", board.port, "--lock-key", "other.lock", status=4)
    assert "locked with another key" in err and in_force(board) == before
    wgprov("unlock", "-p", board.port, "--lock-key", "fleet.lock")
    wgprov("lock", "-p", board.port, "--key", "other.lock")
    assert "erased: wg0" in wgprov("unlock", "--erase", "--yes", "-p", board.port)[0]
    assert in_force(board) is None


def test_pairing_on_the_real_firmware(
    board: QemuBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code shown at a REPL that the person trusts, wgprov by the library on the other end."""
    monkeypatch.chdir(tmp_path)
    write_conf(NEW, peers=4)
    code = python(board, "import wireguard\nwireguard.pair()")
    Path("code").write_text(code)
    refused = wgprov("show", "-p", board.port, status=4)[1]
    assert "asks for its pairing code" in refused
    Path("wrong").write_text(OTHER)
    _, err = wgprov("show", "-p", board.port, "--pairing-code", "wrong", status=4)
    assert "does not have this pairing code" in err and "(4 attempts left)" in err
    with Cable(board) as cable:
        options = ("-p", cable.port, "--pairing-code", "code", "--psk", "generate", "--json")
        made = json.loads(wgprov("provision", *options, "wg0.conf")[0])
    address, private, public, *preshared = in_force(board)
    assert address == NEW and base64.b64encode(public).decode() == made["public_key"]
    for secret in (private, *preshared, code.encode()):
        for spelling in spellings(secret):
            assert spelling not in cable.to_host and spelling not in cable.to_board
    assert NEW.encode() not in cable.to_board
    _, err = wgprov("show", "-p", board.port, "--pairing-code", "code", status=4)
    assert "no code: wireguard.pair() on the board makes one" in err
