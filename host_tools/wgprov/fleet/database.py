# SPDX-License-Identifier: MIT
"""What was given out and made, in a database that several stations may share.

One row a board. An address belongs to one row: the database's own unique constraint says so, not
this program, so that two stations that ask at the same moment cannot get the same one. A row is on
disk before anybody is told of it.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc

from wgprov.errors import InputError, PortError, printable

RESERVED, DONE = "reserved", "done"
TRIES_MAX = 1000  # other stations that were quicker, in a row
HOSTS_MAX = 1 << 32
BUSY_TIMEOUT_S = 30

_metadata = sa.MetaData()
_boards = sa.Table(
    "wgprov_boards",
    _metadata,
    sa.Column("serial", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("network", sa.String(50), nullable=False),
    sa.Column("host", sa.BigInteger, nullable=False),  # the address's number within the network
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("public_key", sa.String(44), unique=True),
    sa.Column("board", sa.String(64)),
    sa.Column("firmware", sa.String(64)),  # as the board calls it
    sa.Column("firmware_sha256", sa.String(64)),  # of the image that the station was given
    sa.Column("done_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("network", "host"),
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Row:
    """One board. `address` has the network's prefix length, as a configuration wants it."""

    serial: str
    name: str
    address: str
    state: str
    public_key: str | None
    board: str | None
    firmware: str | None
    firmware_sha256: str | None


class Database:
    """A connection by URL: sqlite:///fleet.db, postgresql+psycopg://user@host/name."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = sa.create_engine(url)
        except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError):
            raise InputError(
                "--db: not a database URL that can be used here: sqlite:///FILE or "
                "postgresql+psycopg://USER@HOST/NAME"
            ) from None
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _durable)
        with self._errors():
            self._make_table()

    def _make_table(self) -> None:
        """Another station may make it at the same moment: then it is there the next time."""
        with contextlib.suppress(exc.IntegrityError, exc.OperationalError, exc.ProgrammingError):
            _metadata.create_all(self._engine)
            return
        _metadata.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def reserve(self, serial: str, name: str, network: Network, address: str | None) -> Row:
        """The row of a board, made when there is none. The same board gets the same address."""
        with self._errors():
            for _ in range(TRIES_MAX):
                known = self._row(_boards.c.serial == serial)
                if known:
                    return _same(known, name, network, address)
                with contextlib.suppress(exc.IntegrityError):
                    self._insert(serial, name, network, address)
        raise PortError("--db: too many stations at once: try again")

    def done(
        self, serial: str, public_key: str, board: str, firmware: str, sha256: str | None = None
    ) -> None:
        """The board has its configuration. On return the row is on disk."""
        now = datetime.datetime.now(datetime.timezone.utc)
        values = {"public_key": public_key, "board": board, "firmware": firmware}
        change = (
            _boards.update()
            .where(_boards.c.serial == serial)
            .values(**values, state=DONE, firmware_sha256=sha256, done_at=now)
        )
        with self._errors(), self._engine.begin() as connection:
            try:
                connection.execute(change)
            except exc.IntegrityError:
                raise InputError(f"{serial}: another board has the same public key") from None

    def rows(self) -> list[Row]:
        """Every board, in the order of its address."""
        order = sa.select(_boards).order_by(_boards.c.network, _boards.c.host)
        with self._errors(), self._engine.connect() as connection:
            return [_as_row(found) for found in connection.execute(order)]

    def _row(self, condition: sa.ColumnElement[bool]) -> Row | None:
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(_boards).where(condition)).first()
        return _as_row(found) if found else None

    def _insert(self, serial: str, name: str, network: Network, address: str | None) -> None:
        """Raises IntegrityError when another station was quicker, or the name is taken."""
        with self._engine.begin() as connection:
            host = _host(connection, network, address)
            values = {"serial": serial, "name": name, "network": str(network), "host": host}
            try:
                connection.execute(_boards.insert().values(**values, state=RESERVED))
            except exc.IntegrityError:
                connection.rollback()
                self._refuse_for_good(name, serial, network, address)
                raise

    def _refuse_for_good(
        self, name: str, serial: str, network: Network, address: str | None
    ) -> None:
        """Trying again helps against a quick station, not a list that contradicts itself."""
        taken = self._row(_boards.c.name == name)
        if taken and taken.serial != serial:
            raise InputError(f"{serial}: the name {name} belongs to {taken.serial}")
        if address is not None:
            number = int(ipaddress.ip_address(address)) - int(network.network_address)
            at = (_boards.c.network == str(network)) & (_boards.c.host == number)
            taken = self._row(at)
            if taken and taken.serial != serial:
                raise InputError(f"{serial}: the address {address} belongs to {taken.serial}")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """A password may be in what the library says: only the kind of the trouble is told."""
        try:
            yield
        except exc.OperationalError as error:
            said = str(error.orig).splitlines()[0] if error.orig else "no answer"
            raise PortError(f"--db: {printable(said, 100)}") from None
        except exc.SQLAlchemyError as error:
            raise PortError(f"--db: the database refuses ({type(error).__name__})") from None


def _durable(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    """SQLite as a station needs it: readers beside a writer, and no row lost with the power."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_S * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _host(connection: sa.Connection, network: Network, address: str | None) -> int:
    """The number of the wanted address, else the one after the greatest, else the first gap."""
    first, last = _range(network)
    if address is not None:
        number = int(ipaddress.ip_address(address)) - int(network.network_address)
        if ipaddress.ip_address(address).version != network.version or not first <= number <= last:
            raise InputError(f"{address} is not for a board in {network}")
        return number
    here = _boards.c.network == str(network)
    greatest = connection.execute(sa.select(sa.func.max(_boards.c.host)).where(here)).scalar()
    if greatest is None or greatest < last:
        return first if greatest is None else max(first, int(greatest) + 1)
    taken = {n for (n,) in connection.execute(sa.select(_boards.c.host).where(here))}
    for number in range(first, last + 1):
        if number not in taken:
            return number
    raise InputError(f"{network} is full: {len(taken)} boards")


def _range(network: Network) -> tuple[int, int]:
    """Numbers for boards: neither the network's own, nor .1, the server's, nor the broadcast."""
    last = min(network.num_addresses, HOSTS_MAX) - 1
    return 2, last - 1 if network.version == 4 else last


def _same(row: Row, name: str, network: Network, address: str | None) -> Row:
    wanted = f"{address}/{network.prefixlen}" if address else row.address
    if row.name != name or row.address != wanted:
        raise InputError(
            f"{row.serial}: the database has it as {row.name} with {row.address}, "
            f"the list as {name} with {wanted}"
        )
    return row


def _as_row(found: sa.Row[tuple[object, ...]]) -> Row:
    values = found._mapping
    network = ipaddress.ip_network(values["network"])
    address = f"{network.network_address + values['host']}/{network.prefixlen}"
    columns = ("state", "public_key", "board", "firmware", "firmware_sha256")
    return Row(values["serial"], values["name"], address, *(values[c] for c in columns))
