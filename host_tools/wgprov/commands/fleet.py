# SPDX-License-Identifier: MIT
"""wgprov fleet: many boards, one list, one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from wgprov import transport
from wgprov.errors import InputError, PortError, WgprovError
from wgprov.fleet import inventory, outputs, station
from wgprov.fleet.database import DONE, Database, Row
from wgprov.options import json_option
from wgprov.output import note, print_json, print_table, progress, say
from wgprov.serverformats import FORMATS

POLL_S = 0.5

db_option = click.option(
    "--db",
    default="sqlite:///fleet.db",
    envvar="WGPROV_DB",
    show_default=True,
    metavar="URL",
    help="Database: sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME for several stations.",
)
folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="fleet",
    show_default=True,
    help="Where each board's [Peer] for the server is kept, mode 0600.",
)


@click.group("fleet")
def command() -> None:
    """Provision many boards: addresses, a database, the server's peers, labels.

    \b
    Examples:
      wgprov fleet provision --template wg0.conf --watch devices.csv
      wgprov fleet list
      wgprov fleet peers --out peers.conf
      wgprov fleet labels labels.pdf
    """


@command.command("provision")
@click.argument("devices", type=click.Path(path_type=Path), required=False)
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The configuration of every board; its Address is the network to take addresses from.",
)
@db_option
@folder_option
@click.option("--any", "any_board", is_flag=True, help="Also boards that are not in DEVICES.")
@click.option("--psk", type=click.Choice(["generate", "none"]), help="A preshared key each.")
@click.option(
    "--firmware", type=click.Path(path_type=Path), help="The image they run: its SHA-256 is kept."
)
@click.option("--watch", is_flag=True, help="Go on as boards are plugged in (Ctrl-C ends it).")
@json_option
def provision(
    devices: Path | None,
    template: Path,
    db: str,
    folder: Path,
    any_board: bool,
    psk: str | None,
    firmware: Path | None,
    watch: bool,
    as_json: bool,
) -> None:
    """Provision the boards that are plugged in, or with --watch each one as it comes.

    DEVICES is a CSV (serial,name,address) or a TOML ([[device]]). A run that was cut is run again:
    a board that is in service is left alone. The exit status is that of the gravest failure.

    \b
    Examples:
      wgprov fleet provision --template wg0.conf --psk generate devices.csv
      wgprov fleet provision --template wg0.conf --watch --any --db postgresql+psycopg://me@db/fleet
    """
    if devices is None and not any_board:
        raise InputError("fleet provision: give a list of devices, or --any")
    listed = inventory.load(devices) if devices else []
    shared = station.plan(template, folder, psk, firmware)
    report = Report()
    with closing(Database(db)) as database:
        work = station.Station(database, shared, listed, any_board)
        with _bar(len(listed), len(listed) - len(work.waiting()), as_json) as advance:
            report.interrupted = _take_all(work, watch, report, advance, as_json)
        report.waiting = [device.name for device in work.waiting()]
    if as_json:
        print_json(report.as_json())
    else:
        say(report.line())
    report.check()


@dataclass
class Report:
    """What a run did. A board that failed and then did not is counted among the good ones."""

    provisioned: list[station.Done] = field(default_factory=list)
    failed: dict[str, WgprovError] = field(default_factory=dict)  # by serial number, or port
    waiting: list[str] = field(default_factory=list)
    interrupted: bool = False

    def as_json(self) -> dict[str, Any]:
        failed = [{"board": who, "error": str(error)} for who, error in self.failed.items()]
        done = [asdict(board) for board in self.provisioned]
        return {"provisioned": done, "failed": failed, "waiting": self.waiting}

    def line(self) -> str:
        again = sum(board.again for board in self.provisioned)
        parts = [f"{len(self.provisioned)} provisioned" + (f" ({again} again)" if again else "")]
        parts += [f"{len(self.failed)} failed"] if self.failed else []
        return "fleet: " + ", ".join([*parts, f"{len(self.waiting)} of the list still to come"])

    def check(self) -> None:
        """Raises an error of the gravest kind that there was."""
        if self.failed:
            worst = max(self.failed.values(), key=lambda error: error.exit_code)
            count = len(self.failed)
            raise type(worst)(f"fleet: {count} not provisioned, see above: run it again")
        if self.interrupted:
            raise KeyboardInterrupt


def _take_all(
    work: station.Station, watch: bool, report: Report, advance: Callable[[], None], quiet: bool
) -> bool:
    """True when a person has ended it."""
    try:
        for port in _ports(watch, work, report):
            _take(work, port, report, advance, quiet)
    except KeyboardInterrupt:
        return True
    return False


def _take(
    work: station.Station,
    port: transport.Port,
    report: Report,
    advance: Callable[[], None],
    quiet: bool,
) -> None:
    if work.is_done(port.serial_number):
        return
    try:
        done = station.take_port(work, port)
    except WgprovError as error:
        if str(error) != str(report.failed.get(_who(port))):  # said once, however often it is tried
            note(f"{port.device}: {str(error).removeprefix(f'{port.device}: ')}")
        report.failed[_who(port)] = error
        return
    report.failed.pop(_who(port), None)
    report.provisioned.append(done)
    if not quiet:
        say(f"{done.name}: {done.address}  {done.public_key}")
    advance()


def _ports(watch: bool, work: station.Station, report: Report) -> Iterator[transport.Port]:
    """Each port once while it is plugged in, and with --watch some more times when it was busy:
    udev and ModemManager hold a port for seconds after it has come."""

    def once_more(port: transport.Port) -> bool:
        return watch and isinstance(report.failed.get(_who(port)), PortError)

    tries: dict[transport.Port, int] = {}
    yield from station.plugged_in(tries, once_more)
    while watch and work.waiting():
        time.sleep(POLL_S)
        yield from station.plugged_in(tries, once_more)


def _who(port: transport.Port) -> str:
    return port.serial_number or port.device


@contextmanager
def _bar(total: int, completed: int, hidden: bool) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with progress(*columns, TimeElapsedColumn(), hidden=hidden or not total) as bar:
        task = bar.add_task("boards", total=total, completed=completed)
        yield lambda: bar.advance(task)


@command.command("list")
@db_option
@json_option
def list_boards(db: str, as_json: bool) -> None:
    """Print every board that has an address, by address.

    \b
    Examples:
      wgprov fleet list
      wgprov fleet list --db sqlite:///fleet.db --json
    """
    rows = _rows(db)
    if as_json:
        print_json({"boards": [asdict(row) for row in rows]})
        return
    heads = ("address", "name", "serial", "state", "public key", "firmware")
    print_table(heads, [_cells(row) for row in rows])


def _rows(db: str) -> list[Row]:
    with closing(Database(db)) as database:
        return database.rows()


def _in_service(db: str) -> list[Row]:
    found = [row for row in _rows(db) if row.state == DONE]
    if not found:
        raise InputError("fleet: no board is in service yet: see `wgprov fleet provision --help`")
    return found


def _cells(row: Row) -> list[str]:
    names = ("address", "name", "serial", "state", "public_key", "firmware")
    return [str(getattr(row, name) or "") for name in names]


@command.command("peers")
@db_option
@folder_option
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="peer")
@click.option("--interface", default="wg0", show_default=True, help="The server's interface.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Mode 0600.")
@json_option
def peers(db: str, folder: Path, form: str, interface: str, out: Path, as_json: bool) -> None:
    """Write the peers of the server's configuration: every board in service.

    \b
    Examples:
      wgprov fleet peers --out peers.conf
      wgprov fleet peers --format networkd --out peers.netdev
    """
    rows = _in_service(db)
    outputs.write_peers(out, outputs.peers(rows, folder, form, interface))
    _written(out, rows, "peers, mode 0600", as_json)


@command.command("labels")
@click.argument("out", type=click.Path(path_type=Path))
@db_option
@json_option
def labels(out: Path, db: str, as_json: bool) -> None:
    """Write a PDF of labels: QR code, name, address, serial number, public key.

    \b
    Examples:
      wgprov fleet labels labels.pdf
    """
    rows = _in_service(db)
    with _bar(len(rows), 0, as_json) as advance:
        outputs.write_labels(out, rows, advance)
    _written(out, rows, "labels", as_json)


def _written(out: Path, rows: list[Row], what: str, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(out), "boards": [row.name for row in rows]})
    else:
        say(f"{out}: {len(rows)} {what}")
