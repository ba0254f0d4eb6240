# SPDX-License-Identifier: MIT
"""A fleet: the list, the database that two stations share, a thousand boards, the outputs."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import itertools
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

import wireguard.agent as agent
import wireguard.report as report
from tests.unit.test_provision_kit import OTHER_KEY, ROOT, SERVER_KEY, conf_text
from wgprov import cli, transport
from wgprov.errors import InputError, PortError
from wgprov.fleet import inventory, outputs, station
from wgprov.fleet.database import Database
from wgprov.session import Session

NETWORK = ipaddress.ip_network("10.7.0.0/16")
HOST_MS_MAX = 50  # of this computer's own time for a board


class SocketWire:
    """A socket as a session's wire."""

    name = "simulated"

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(10)
        self._end = end

    def read(self) -> bytes:
        return self._end.recv(65536)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._end.sendall(data)


@contextlib.contextmanager
def simulated(folder: Path, uid: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The real agent in a thread, with a flash folder and a unique id of its own."""
    monkeypatch.setattr(report, "uid", lambda: uid)
    # The agent collects a board's small heap; here that would be all of this process's.
    monkeypatch.setattr(gc, "collect", lambda: None)
    host, board = socket.socketpair()
    stream = board.makefile("rwb", buffering=0)
    thread = threading.Thread(target=agent.serve, args=(stream, stream, str(folder)))
    thread.start()
    session = Session(SocketWire(host))
    try:
        yield session
        session.bye()
    finally:
        host.close()
        thread.join(10)
        stream.close()
        board.close()


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wg0.conf"
    path.write_text(conf_text("10.7.0.0/16"))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(Database(f"sqlite:///{tmp_path}/fleet.db")) as opened:
        yield opened


def shared(template: Path, psk: str | None = None) -> station.Plan:
    return station.plan(template, template.parent / "fleet", psk, None)


# The list


def test_csv_and_toml_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("serial,name,address\nAB12,pump,10.7.0.9\ncd34,,\n")
    (tmp_path / "a.toml").write_text(
        '[[device]]\nserial="AB12"\nname="pump"\naddress="10.7.0.9"\n[[device]]\nserial="cd34"\n'
    )
    found = inventory.load(tmp_path / "a.csv")
    assert found == inventory.load(tmp_path / "a.toml")
    assert found == [
        inventory.Device("ab12", "pump", "10.7.0.9"),
        inventory.Device("cd34", "cd34", None),
    ]


@pytest.mark.parametrize(
    "name, text, reason",
    [
        ("a.csv", "", "head line"),
        ("a.csv", "name\nx\n", "head line"),
        ("a.csv", "serial,colour\nx,red\n", "head line"),
        ("a.csv", "serial\n", "no device"),
        ("a.csv", "serial\na b\n", "a.csv:2: serial"),
        ("a.csv", "serial,name\nab,-x\n", "a.csv:2: name"),
        ("a.csv", "serial,name\nab,x,y\n", "more fields"),
        ("a.csv", "serial,name,address\nab,x,10.7.0.300\n", "a.csv:2: address"),
        ("a.csv", "serial\nab\nAB\n", "a.csv:3: serial: ab is also in"),
        ("a.csv", "serial,name\nab,x\ncd,x\n", "a.csv:3: name: x is also in"),
        ("a.csv", 'serial\n"ab\n', "a.csv:"),
        ("a.toml", "x=1\n", "tables and nothing else"),
        ("a.toml", "[[device]]\nserial='a'\ncolour='red'\n", "device 1: may have"),
        ("a.toml", "[[", "a.toml: "),
    ],
)
def test_bad_lists_are_one_line(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=re.escape(reason)) as caught:
        inventory.load(tmp_path / name)
    assert "\n" not in str(caught.value)


# The database


def test_addresses_are_given_out_once_and_stay(database: Database) -> None:
    rows = [database.reserve(f"s{i}", f"n{i}", NETWORK, None) for i in range(3)]
    assert [row.address for row in rows] == ["10.7.0.2/16", "10.7.0.3/16", "10.7.0.4/16"]
    assert database.reserve("s1", "n1", NETWORK, None) == rows[1]
    wanted = database.reserve("s9", "n9", NETWORK, "10.7.200.1")
    assert wanted.address == "10.7.200.1/16"
    assert database.reserve("s4", "n4", NETWORK, None).address == "10.7.200.2/16"


def test_gaps_are_used_when_the_end_is_reached(database: Database) -> None:
    small = ipaddress.ip_network("10.9.0.0/29")  # .2 to .6 are for boards
    assert database.reserve("s0", "n0", small, "10.9.0.6").address == "10.9.0.6/29"
    found = {database.reserve(f"s{i}", f"n{i}", small, None).address for i in range(1, 5)}
    assert found == {f"10.9.0.{i}/29" for i in (2, 3, 4, 5)}
    with pytest.raises(InputError, match="is full"):
        database.reserve("s9", "n9", small, None)


@pytest.mark.parametrize(
    "serial, name, address, reason",
    [
        ("s2", "n1", None, "name n1 belongs to s1"),
        ("s2", "n2", "10.7.0.5", "address 10.7.0.5 belongs to s1"),
        ("s2", "n2", "10.8.0.5", "is not for a board"),
        ("s2", "n2", "10.7.0.1", "is not for a board"),
        ("s2", "n2", "fd00::2", "is not for a board"),
        ("s1", "other", None, "has it as n1"),
        ("s1", "n1", "10.7.0.9", "has it as n1 with 10.7.0.5/16"),
    ],
)
def test_contradictions(
    database: Database, serial: str, name: str, address: str | None, reason: str
) -> None:
    database.reserve("s1", "n1", NETWORK, "10.7.0.5")
    with pytest.raises(InputError, match=re.escape(reason)):
        database.reserve(serial, name, NETWORK, address)
    assert len(database.rows()) == 1


@pytest.mark.parametrize("url", ["", "fleet.db", "oracle://x", "nonsense://", "postgresql+x://y"])
def test_bad_urls(url: str) -> None:
    with pytest.raises(InputError, match="sqlite:///FILE"):
        Database(url)


def test_a_database_that_is_not_there_keeps_its_password() -> None:
    with pytest.raises(PortError) as caught:
        Database("postgresql+psycopg://u:hunter2@127.0.0.1:9/none")
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


RESERVE = """
import ipaddress, sys
from wgprov.fleet.database import Database
database = Database(sys.argv[1])
for i in range(int(sys.argv[3])):
    serial = f"{sys.argv[2]}-{i}"
    row = database.reserve(serial, serial, ipaddress.ip_network("10.7.0.0/16"), None)
    print(serial, row.address, flush=True)
"""


def stations(url: str, count: int, each: int) -> list[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "host_tools")}
    return [
        subprocess.Popen(
            [sys.executable, "-c", RESERVE, url, f"station{i}", str(each)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(count)
    ]


def never_twice(url: str, count: int, each: int) -> None:
    found = []
    for process in stations(url, count, each):
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        found += [line.split()[1] for line in out.splitlines()]
    assert len(found) == len(set(found)) == count * each
    with contextlib.closing(Database(url)) as opened:
        assert {row.address for row in opened.rows()} == set(found)


def test_two_stations_with_sqlite(tmp_path: Path) -> None:
    never_twice(f"sqlite:///{tmp_path}/fleet.db", 2, 40)


def test_a_station_that_is_killed_loses_no_row_that_it_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fleet.db"
    [process] = stations(url, 1, 100000)
    told = [process.stdout.readline().split() for _ in range(60)]
    process.kill()
    told += [line.split() for line in process.stdout.read().splitlines() if line.count(" ") == 1]
    process.wait(10)
    with contextlib.closing(Database(url)) as opened:
        kept = {row.serial: row.address for row in opened.rows()}
        assert all(kept[serial] == address for serial, address in told) and len(told) >= 60
        again = opened.reserve(told[5][0], told[5][0], NETWORK, None)
    assert again.address == told[5][1]


class ServerOnDisk:
    """A PostgreSQL server of our own on a Unix socket, from Debian's packages. It does not wait for
    the disk (-F): what it is killed by here is no power cut."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.url = f"postgresql+psycopg://wgprov@/postgres?host={folder}"
        self._folder, self._binary = folder, binary
        # The server does not run as root.
        self._drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        self._drop = self._drop if os.geteuid() == 0 else []
        if self._drop:
            shutil.chown(folder, "nobody", "nogroup")
        init = ["initdb", "-D", str(folder / "data"), "-U", "wgprov", "-A", "trust", "-N"]
        subprocess.run(self._command(init), check=True, timeout=60, capture_output=True, cwd=folder)

    def _command(self, words: list[str]) -> list[str]:
        return [*self._drop, str(self._binary / words[0]), *words[1:]]

    def start(self) -> None:
        words = ["postgres", "-D", str(self._folder / "data"), "-k", str(self._folder)]
        self._process = subprocess.Popen(
            self._command([*words, "-h", "", "-F"]),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(self.url)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def kill(self) -> None:
        """The server and each process that it has started, which are in sessions of their own."""
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        pids = [int(pid) for pid in Path(children).read_text().split()]
        for pid in [self._process.pid, *pids]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(20)


@contextlib.contextmanager
def postgresql_server() -> Iterator[ServerOnDisk]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    # Not pytest's folder: it is root's own, and the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="wgprov-pg-") as name:
        server = ServerOnDisk(Path(name), found[-1].parent)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def wait_for(url: str) -> None:
    for attempt in range(100):
        with contextlib.suppress(PortError):
            Database(url).close()
            return
        time.sleep(0.02 * (attempt + 1))
    pytest.fail("the PostgreSQL server does not answer")


@pytest.mark.boards
def test_two_stations_with_postgresql() -> None:
    with postgresql_server() as server:
        never_twice(server.url, 2, 60)


# Boards


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.boards)])
def test_a_thousand_boards(
    count: int,
    template: Path,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each with the real agent; what counts is this computer's own time, boards included."""
    devices = [inventory.Device(f"uid{i:04}", f"board-{i}") for i in range(count)]
    work = station.Station(database, shared(template), devices)
    started = time.process_time()
    for i, device in enumerate(devices):
        with simulated(tmp_path / f"flash{i}", device.serial, monkeypatch) as session:
            done = work.take(session)
            assert (done.name, done.again) == (device.name, False)
        shutil.rmtree(tmp_path / f"flash{i}")
    each_ms = (time.process_time() - started) * 1000 / count
    assert each_ms <= HOST_MS_MAX
    rows = database.rows()
    assert len({row.address for row in rows}) == len({row.public_key for row in rows}) == count
    assert work.waiting() == [] and {row.state for row in rows} == {"done"}
    text = outputs.peers(rows, tmp_path / "fleet", "peer", "wg0")
    assert text.count("[Peer]") == count and text.count("AllowedIPs = 10.7.") == count


def test_the_same_board_again_is_the_same(
    template: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = station.Station(database, shared(template, "generate"), [], any_board=True)
    found = []
    for _ in range(2):
        with simulated(tmp_path / "flash", "e661", monkeypatch) as session:
            found.append(work.take(session))
    assert [done.again for done in found] == [False, True]
    assert (found[0].address, found[0].public_key) == (found[1].address, found[1].public_key)
    kept = tmp_path / "fleet" / "e661.server-peer.conf"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and "PresharedKey" in kept.read_text()
    text = outputs.peers(database.rows(), tmp_path / "fleet", "networkd", "wg0")
    assert text.count("PresharedKey=") == 1


def test_a_board_that_is_not_in_the_list_is_left_alone(
    template: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = station.Station(database, shared(template), [inventory.Device("other", "x")])
    with simulated(tmp_path / "flash", "e661", monkeypatch) as session:
        with pytest.raises(InputError, match="not in the list"):
            work.take(session)
    assert database.rows() == [] and not (tmp_path / "flash").exists()


@pytest.mark.parametrize(
    "text, reason",
    [
        (conf_text("10.7.0.2/32"), "no room"),
        (conf_text("10.7.0.0/16, fd00::/64"), "must be one"),
        (conf_text("10.7.0.0/16", peer_extra=f"PresharedKey = {OTHER_KEY}"), "one for all"),
    ],
)
def test_bad_templates(template: Path, text: str, reason: str) -> None:
    template.write_text(text)
    with pytest.raises(InputError, match=reason):
        shared(template)


# The command


def test_watch_takes_boards_as_they_come(
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "d.csv").write_text("serial,name\nAA,one\nBB,two\n")
    appear = iter([[], ["aa"], ["aa", "zz"], ["aa", "bb"]])
    present: list[list[str]] = [[]]

    def usb_ports() -> list[transport.Port]:
        present[0] = next(appear, present[0])
        return [transport.Port(f"/dev/tty{uid}", uid, "") for uid in present[0]]

    @contextlib.contextmanager
    def connect(name: str) -> Iterator[Session]:
        uid = name.removeprefix("/dev/tty")
        with simulated(tmp_path / f"flash-{uid}", uid, monkeypatch) as session:
            yield session

    monkeypatch.setattr(transport, "usb_ports", usb_ports)
    monkeypatch.setattr(transport, "connect", connect)
    arguments = ["fleet", "provision", "--template", str(template), "--watch", "d.csv"]
    assert cli.run(arguments) == 2  # zz is in no list
    captured = capfd.readouterr()
    assert "one: 10.7.0.2/16" in captured.out and "two: 10.7.0.3/16" in captured.out
    assert "zz: not in the list" in captured.err
    assert cli.run(["fleet", "list", "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)["boards"]
    assert [(row["name"], row["state"]) for row in rows] == [("one", "done"), ("two", "done")]
    assert cli.run(arguments) == 0, "all in service: nothing to wait for"
    assert cli.run(["fleet", "peers", "--out", "peers.conf"]) == 0
    assert stat.S_IMODE(Path("peers.conf").stat().st_mode) == 0o600
    assert Path("peers.conf").read_text().count("[Peer]") == 2
    assert cli.run(["fleet", "labels", "labels.pdf"]) == 0
    assert Path("labels.pdf").read_bytes().startswith(b"%PDF-")


def test_labels_can_be_read_by_a_phone(database: Database, tmp_path: Path) -> None:
    """What is drawn is what was meant: the page is rendered and its code read."""
    database.reserve("e661", "pump", NETWORK, None)
    database.done("e661", SERVER_KEY, "b", "f")
    assert outputs.write_labels(tmp_path / "l.pdf", database.rows(), lambda: None) == 1
    with contextlib.closing(pypdfium2.PdfDocument(tmp_path / "l.pdf")) as document:
        page = document[0].render(scale=3).to_pil()
    [code] = zxingcpp.read_barcodes(page)
    assert code.text == f"e661 10.7.0.2/16 {SERVER_KEY}"


def test_labels_keep_to_their_place(database: Database, tmp_path: Path) -> None:
    """The longest names that a list may hold do not run into the label beside."""
    for i in range(3):
        database.reserve(f"{i}" * 64, f"{i}" + "M" * 62, NETWORK, None)
        database.done(f"{i}" * 64, f"{i}" + SERVER_KEY[1:], "b", "f")
    outputs.write_labels(tmp_path / "l.pdf", database.rows(), lambda: None)
    with contextlib.closing(pypdfium2.PdfDocument(tmp_path / "l.pdf")) as document:
        page = document[0].get_textpage()
        boxes = [page.get_rect(i) for i in range(page.count_rects())]
    points_per_mm = 72 / 25.4
    edges = [column * outputs.WIDTH_MM * points_per_mm for column in range(outputs.COLUMNS + 1)]
    assert len(boxes) >= 15
    for left, _, right, _ in boxes:
        assert any(a <= left and right <= b for a, b in itertools.pairwise(edges)), (left, right)
