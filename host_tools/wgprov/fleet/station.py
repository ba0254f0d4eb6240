# SPDX-License-Identifier: MIT
"""One provisioning station: takes boards as they come and leaves each one finished or untouched.

For each board, in this order: its row is reserved (address), the board is provisioned, the row is
completed. Whatever is cut in between, the same board gets the same address and, because a board
keeps its key, the same public key; so running it again completes it.
"""

from __future__ import annotations

import copy
import hashlib
import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wgprov import importers, serverpeer, transport
from wgprov.commands import provision
from wgprov.errors import InputError, PortError, printable
from wgprov.fields import Conf
from wgprov.fleet.database import DONE, Database, Network
from wgprov.fleet.inventory import Device
from wgprov.session import Session

TRIES_MAX = 5  # of a port that does not open or answer, while it stays plugged in


@dataclass(frozen=True)
class Plan:
    """What all boards have in common."""

    conf: Conf  # its one address stands for the network
    network: Network
    folder: Path  # of the server's files, one a board
    psk: str | None
    firmware_sha256: str | None  # of the image, when the station was given it


@dataclass(frozen=True)
class Done:
    """A board that is in service."""

    serial: str
    name: str
    address: str
    public_key: str
    again: bool


def plan(template: Path, folder: Path, psk: str | None, firmware: Path | None) -> Plan:
    """Read the configuration that every board gets but for its address."""
    conf = importers.load(template)
    addresses = conf.config["address"]
    if len(addresses) != 1:
        raise InputError(f"{template}: Address: must be one, the network of the fleet")
    network = ipaddress.ip_interface(addresses[0]).network
    if network.num_addresses < 4:
        raise InputError(f"{template}: Address: {network} has no room for boards")
    if any(conf.preshared):
        raise InputError(f"{template}: PresharedKey: one for all is none: use --psk generate")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        digest = hashlib.sha256(firmware.read_bytes()).hexdigest() if firmware else None
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}") from None
    return Plan(conf, network, folder, psk, digest)


class Station:
    """Provisions the boards of `devices`, or with `any_board` whatever is plugged in."""

    def __init__(
        self, database: Database, shared: Plan, devices: list[Device], any_board: bool = False
    ) -> None:
        self._database = database
        self._plan = shared
        self._by_serial = {device.serial: device for device in devices}
        self._any = any_board
        self._done = {row.serial: row for row in database.rows() if row.state == DONE}

    def waiting(self) -> list[Device]:
        """Devices of the list that are not in service yet."""
        return [d for serial, d in self._by_serial.items() if serial not in self._done]

    def is_done(self, serial: str) -> bool:
        return serial.lower() in self._done

    def take(self, session: Session, usb_serial: str = "") -> Done:
        """Provision the board behind `session`; raises WgprovError, and the board is as before."""
        hello = session.hello()
        device = self._device(usb_serial, printable(hello.get("uid") or "", 64))
        row = self._database.reserve(device.serial, device.name, self._plan.network, device.address)
        job = provision.plan_conf(self._conf(row.address), self._plan.psk, out=self._file(device))
        serverpeer.tidy(self._file(device))
        try:
            outcome = provision.run(session, job)
        finally:
            job.wipe()
        firmware = printable(hello.get("firmware") or "", 64)
        sha256 = self._plan.firmware_sha256
        self._database.done(device.serial, outcome.public_key, outcome.board, firmware, sha256)
        again = row.state == DONE
        done = Done(device.serial, device.name, row.address, outcome.public_key, again)
        self._done[device.serial] = row
        return done

    def _device(self, usb_serial: str, uid: str) -> Device:
        names = [name.lower() for name in (usb_serial, uid) if name]
        for name in names:
            if name in self._by_serial:
                return self._by_serial[name]
        if not names:
            raise InputError("the board has no serial number and no unique id")
        if not self._any:
            raise InputError(f"{' / '.join(names)}: not in the list (see --any)")
        return Device(names[-1], names[-1])

    def _conf(self, address: str) -> Conf:
        conf = copy.deepcopy(self._plan.conf)
        conf.config["address"] = [address]
        return conf

    def _file(self, device: Device) -> Path:
        return self._plan.folder / f"{device.name}.server-peer.conf"


def plugged_in(
    tries: dict[transport.Port, int], once_more: Callable[[transport.Port], bool]
) -> Iterator[transport.Port]:
    """USB serial ports that have come since the last time, and those to try `once_more`; `tries` is
    brought up to date. Another board under the same device name is another port."""
    ports = transport.usb_ports()
    for gone in tries.keys() - set(ports):
        del tries[gone]
    for port in ports:
        if port not in tries or (tries[port] < TRIES_MAX and once_more(port)):
            tries[port] = tries.get(port, 0) + 1
            yield port


def take_port(station: Station, port: transport.Port) -> Done:
    """The board at a serial port."""
    try:
        with transport.connect(port.device) as session:
            return station.take(session, port.serial_number)
    except OSError as error:
        raise PortError(f"{port.device}: {printable(error)}") from None
