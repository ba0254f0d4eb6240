# SPDX-License-Identifier: MIT
"""Stations and database servers that are killed in the middle: what was acknowledged stays, and the
next run completes the rest with the same addresses and keys."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.test_fleet import postgresql_server, stations, template
from tests.unit.test_provision_kit import ROOT
from wgprov.fleet.database import DONE, Database

__all__ = ["template"]  # a fixture
BOARDS = 20

# A station with real agents behind it. A line is printed when the row is said to be on disk.
STATION = """
import sys
from pathlib import Path
import pytest
from tests.unit.test_fleet import simulated, shared
from wgprov.fleet import inventory, station
from wgprov.fleet.database import Database
url, template, boards = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
devices = [inventory.Device(f"uid{i:04}", f"board-{i}") for i in range(boards)]
work = station.Station(Database(url), shared(template, "generate"), devices)
with pytest.MonkeyPatch.context() as patch:
    for device in work.waiting():
        flash = template.parent / f"flash-{device.serial}"
        with simulated(flash, device.serial, patch) as session:
            done = work.take(session)
        print(done.serial, done.address, done.public_key, flush=True)
"""


def station(url: str, template: Path) -> subprocess.Popen[str]:
    folders = [ROOT, ROOT / "host_tools", ROOT / "mpy", ROOT / "firmware/binding/cpython"]
    return subprocess.Popen(
        [sys.executable, "-c", STATION, url, str(template), str(BOARDS)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        stdout=subprocess.PIPE,
        text=True,
        cwd=template.parent,
    )


def told(process: subprocess.Popen[str], lines: int) -> dict[str, list[str]]:
    """What a station has acknowledged: serial number -> address, public key."""
    assert process.stdout is not None
    found = [process.stdout.readline().split() for _ in range(lines)]
    return {row[0]: row[1:] for row in found if len(row) == 3}


def killed(process: subprocess.Popen[str], after: int, pause_s: float) -> dict[str, list[str]]:
    """Killed, without a chance to tidy up, so many lines and a moment after the start."""
    rows = told(process, after)
    time.sleep(pause_s)
    process.kill()
    rows |= told(process, BOARDS)
    process.wait(10)
    return rows


def kept(url: str) -> dict[str, list[str | None]]:
    with contextlib.closing(Database(url)) as opened:
        return {r.serial: [r.address, r.public_key] for r in opened.rows() if r.state == DONE}


def test_a_station_killed_again_and_again_completes_the_list(template: Path) -> None:
    url = f"sqlite:///{template.parent}/fleet.db"
    moments, acknowledged = random.Random(7), {}
    for _ in range(3):
        acknowledged |= killed(
            station(url, template), moments.randrange(3, 9), moments.random() / 9
        )
        now = kept(url)
        assert all(now[serial] == row for serial, row in acknowledged.items())
    assert 6 <= len(acknowledged) < BOARDS, "it was killed in the middle"
    process = station(url, template)
    acknowledged |= told(process, BOARDS)
    assert process.wait(30) == 0
    now = kept(url)
    assert len(now) == BOARDS and now == {**now, **acknowledged}
    for column in (0, 1):
        assert len({row[column] for row in now.values()}) == BOARDS
    names = {path.name for path in (template.parent / "fleet").iterdir()}
    assert names == {f"board-{i}.server-peer.conf" for i in range(BOARDS)}, "and nothing half-made"


@pytest.mark.boards
def test_a_postgresql_server_that_is_killed() -> None:
    """Its stations say that it is gone; every row that they told is there when it is back."""
    with postgresql_server() as server:
        processes = stations(server.url, 2, 100000)
        rows = [
            line.split() for p in processes for line in (p.stdout.readline() for _ in range(40))
        ]
        server.kill()
        for process in processes:
            rest, _ = process.communicate(timeout=60)
            rows += [line.split() for line in rest.splitlines() if line.count(" ") == 1]
            assert process.returncode == 1
        server.start()
        with contextlib.closing(Database(server.url)) as opened:
            there = {row.serial: row.address for row in opened.rows()}
    assert len(rows) >= 80 and all(there[serial] == address for serial, address in rows)
    assert len(set(there.values())) == len(there)
