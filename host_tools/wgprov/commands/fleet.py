# SPDX-License-Identifier: MIT
"""wgprov fleet: many boards, one list, one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wgprov import transport
from wgprov.errors import InputError, WgprovError
from wgprov.fleet import inventory, outputs, station
from wgprov.fleet.database import Database, Row
from wgprov.options import json_option
from wgprov.output import console, note, print_json, print_table, say
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
    a board that is in service is left alone.
    """
    if devices is None and not any_board:
        raise InputError("fleet provision: give a list of devices, or --any")
    listed = inventory.load(devices) if devices else []
    shared = station.plan(template, folder, psk, firmware)
    with closing(Database(db)) as database:
        work = station.Station(database, shared, listed, any_board)
        with _bar(len(listed), len(listed) - len(work.waiting()), as_json) as advance:
            failures = _take_all(work, watch, advance, as_json)
    if failures:
        raise InputError(f"fleet: {failures} not provisioned, see above: run it again")


def _take_all(
    work: station.Station, watch: bool, advance: Callable[[], None], as_json: bool
) -> int:
    failures = 0
    for port in _ports(watch, work):
        if work.is_done(port.serial_number):
            continue
        try:
            done = station.take_port(work, port)
        except WgprovError as error:
            failures += 1
            note(f"{port.device}: {error}")
            continue
        if as_json:
            print_json(asdict(done))
        else:
            say(f"{done.name}: {done.address}  {done.public_key}")
        advance()
    return failures


def _ports(watch: bool, work: station.Station) -> Iterator[transport.Port]:
    seen: set[str] = set()
    yield from station.plugged_in(seen)
    while watch and work.waiting():
        time.sleep(POLL_S)
        yield from station.plugged_in(seen)


@contextmanager
def _bar(total: int, completed: int, hidden: bool) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    err = console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=err, disable=hidden or not total) as bar:
        task = bar.add_task("boards", total=total, completed=completed)
        yield lambda: bar.advance(task)


@command.command("list")
@db_option
@json_option
def list_boards(db: str, as_json: bool) -> None:
    """Print every board that has an address, by address."""
    with closing(Database(db)) as database:
        rows = database.rows()
    if as_json:
        print_json({"boards": [asdict(row) for row in rows]})
        return
    heads = ("address", "name", "serial", "state", "public key", "firmware")
    print_table(heads, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    names = ("address", "name", "serial", "state", "public_key", "firmware")
    return [str(getattr(row, name) or "") for name in names]


@command.command("peers")
@db_option
@folder_option
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="peer")
@click.option("--interface", default="wg0", show_default=True, help="The server's interface.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Mode 0600.")
def peers(db: str, folder: Path, form: str, interface: str, out: Path) -> None:
    """Write the peers of the server's configuration: every board in service."""
    with closing(Database(db)) as database:
        rows = database.rows()
    outputs.write_peers(out, outputs.peers(rows, folder, form, interface))
    say(f"{out}: written, mode 0600")


@command.command("labels")
@click.argument("out", type=click.Path(path_type=Path))
@db_option
def labels(out: Path, db: str) -> None:
    """Write a PDF of labels: QR code, name, address, serial number, public key."""
    with closing(Database(db)) as database:
        rows = database.rows()
    with _bar(len(rows), 0, False) as advance:
        count = outputs.write_labels(out, rows, advance)
    say(f"{out}: {count} labels")
