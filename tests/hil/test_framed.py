# SPDX-License-Identifier: MIT
"""The framed serial line on the real firmware: main.py listens, and no REPL is on that line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hil.test_wgprov import ELF, ENV, OLD, in_force, python, wgprov, write_conf
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
