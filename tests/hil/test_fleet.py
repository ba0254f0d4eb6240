# SPDX-License-Identifier: MIT
"""wgprov fleet provision --watch with emulated boards that are plugged in and pulled while it runs.

All is real but the list of USB ports: each board's is a pty, which no operating system lists.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo.rig import chosen_env

from wgprov import cli, transport
from wgprov.targets.qemu import QemuBoard

TEMPLATE = """\
[Interface]
Address = 10.7.0.0/24
[Peer]
PublicKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=
AllowedIPs = 10.7.0.0/24
"""
WAIT_S = 60


class Bench:
    """A USB hub: which boards are plugged in, and what the station has said of them so far."""

    def __init__(self, elf: Path, folder: Path) -> None:
        self._elf, self._folder = elf, folder
        self._boards: dict[str, QemuBoard] = {}
        self.looks = 0
        self.failure: BaseException | None = None

    def ports(self) -> list[transport.Port]:
        self.looks += 1
        if self.failure:
            raise self.failure  # or the station would wait for ever
        return [transport.Port(b.port, serial, "") for serial, b in self._boards.items()]

    def plug(self, serial: str) -> QemuBoard:
        board = QemuBoard(chosen_env(), self._elf, self._folder / f"{serial}.flash")
        board.start()
        board.wait_prompt()
        self._boards[serial] = board
        return board

    def pull(self, serial: str) -> None:
        self._boards.pop(serial).stop()

    def pull_all(self) -> None:
        for serial in list(self._boards):
            self.pull(serial)

    def carried_out(self, hands: Callable[[Bench], None]) -> None:
        try:
            hands(self)
        except BaseException as error:
            self.failure = error

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def bench(elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.chdir(tmp_path)
    made = Bench(elf, tmp_path)
    monkeypatch.setattr(transport, "usb_ports", made.ports)
    yield made
    made.pull_all()


def in_service() -> set[str]:
    """The boards whose [Peer] is there: the last thing that provisioning writes for the server."""
    return {
        p.name.removesuffix(".server-peer.conf") for p in Path("fleet").glob("*.server-peer.conf")
    }


def people(bench: Bench) -> None:
    """One board is pulled and another put into its place; the last one's port is busy at first, as
    ModemManager does it; then the first comes back."""
    bench.until(lambda: bench.looks > 1)
    bench.plug("aa")
    bench.until(lambda: "one" in in_service())
    bench.pull("aa")
    board = bench.plug("bb")
    with open(board.port, "rb", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        seen = bench.looks
        bench.until(lambda: bench.looks > seen + 2)
    bench.until(lambda: "two" in in_service())
    bench.plug("aa")
    bench.plug("cc")


def test_boards_come_and_go(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    Path("wg0.conf").write_text(TEMPLATE)
    Path("devices.toml").write_text(
        '[[device]]\nserial = "AA"\nname = "one"\naddress = "10.7.0.50"\n'
        '[[device]]\nserial = "BB"\nname = "two"\n[[device]]\nserial = "CC"\nname = "three"\n'
    )
    image = Path("image.bin")
    image.write_bytes(os.urandom(100))
    hands = threading.Thread(target=bench.carried_out, args=(people,))
    hands.start()
    arguments = ["fleet", "provision", "--template", "wg0.conf", "--watch", "--json"]
    arguments += ["--psk", "generate", "--firmware", "image.bin", "devices.toml"]
    assert cli.run(arguments) == 0
    hands.join(WAIT_S)
    out, err = capfd.readouterr()
    report = json.loads(out)
    assert [board["name"] for board in report["provisioned"]] == ["one", "two", "three"]
    assert (report["failed"], report["waiting"]) == ([], [])
    assert err.count("in use by another program") == err.count("\n") == 1, "said once"

    assert cli.run(["fleet", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capfd.readouterr().out)["boards"]}
    assert [rows[name]["address"] for name in ("one", "two", "three")] == [
        *("10.7.0.50/24", "10.7.0.51/24", "10.7.0.52/24"),
    ]
    assert len({row["public_key"] for row in rows.values()}) == 3
    assert len(rows["one"]["firmware_sha256"]) == 64 and rows["one"]["firmware"]
    with transport.connect(bench.ports()[0].device) as session:
        session.hello()
        assert session.request("config", name="wg0")["config"]["address"] == ["10.7.0.51/24"]
