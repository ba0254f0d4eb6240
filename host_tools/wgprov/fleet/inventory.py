# SPDX-License-Identifier: MIT
"""The list of boards: CSV with a head line, or TOML with [[device]] tables.

serial is the board's USB serial number or its unique id (hexadecimal, either case); name and
address are optional. A complaint names file and line (CSV) or the number of the device (TOML).
"""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wgprov import tomlfile
from wgprov.errors import InputError, printable
from wgprov.fields import read_text

FIELDS = ("serial", "name", "address")
SERIAL_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Device:
    """One line of the list."""

    serial: str
    name: str
    address: str | None = None


def load(path: Path) -> list[Device]:
    """Every device of a .csv or .toml file; each serial number, name and address once."""
    text = read_text(path)
    is_toml = path.suffix == ".toml"
    rows = tomlfile.rows(path, text, "device", FIELDS) if is_toml else _csv(path, text)
    devices: list[Device] = []
    seen: dict[tuple[str, str], str] = {}
    for where, row in rows:
        device = _device(where, row)
        for field in FIELDS:
            value = getattr(device, field)
            first = seen.setdefault((field, value), where) if value else where
            if first != where:
                raise InputError(f"{where}: {field}: {value} is also in {first}")
        devices.append(device)
    if not devices:
        raise InputError(f"{path}: no device in it")
    return devices


def _csv(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    heads = reader.fieldnames or []
    unknown = [head for head in heads if head not in FIELDS]
    if "serial" not in heads or unknown:
        raise InputError(f"{path}:1: the head line must be of {', '.join(FIELDS)}")
    try:
        for row in reader:
            if None in row:
                raise InputError(f"{path}:{reader.line_num}: more fields than the head line")
            yield f"{path}:{reader.line_num}", dict(row)
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: {printable(error)}") from None


def _device(where: str, row: dict[str, Any]) -> Device:
    serial = str(row.get("serial") or "").strip()
    name = str(row.get("name") or serial).strip()
    if not SERIAL_PATTERN.fullmatch(serial):
        raise InputError(f"{where}: serial: {printable(serial, 60)!r} is not a serial number")
    if not NAME_PATTERN.fullmatch(name):
        raise InputError(f"{where}: name: {printable(name, 60)!r} is not a host name")
    return Device(serial.lower(), name, _address(where, str(row.get("address") or "").strip()))


def _address(where: str, text: str) -> str | None:
    if not text:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise InputError(f"{where}: address: {printable(text, 60)} is not an address") from None
