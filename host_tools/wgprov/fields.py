# SPDX-License-Identifier: MIT
"""The fields of a tunnel, whatever grammar they came in: checked, and brought into the form that a
board takes (docs/PROVISIONING.md). A grammar (wgconf, nmkeyfile, networkd) makes Sections of text.

Every complaint names file, line and field: `wg0.conf:12: Endpoint: port must be 1 to 65535`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from wgprov import keys
from wgprov.errors import InputError, printable

FILE_MAX_BYTES = 65536
LABEL_PATTERN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
DECIMAL_PATTERN = re.compile(r"0|[1-9][0-9]{0,4}")
HOST_MAX_CHARS = 253

# The board's own limits (mpy/wireguard/config.py); a test compares them.
ADDRESSES_MAX = 4
DNS_MAX = 4
PEERS_MAX = 16
ALLOWED_IPS_MAX = 64  # of all peers together
MTU_MIN_BYTES = 576
MTU_MAX_BYTES = 1440
MTU_DEFAULT_BYTES = 1420
KEEPALIVE_MAX_S = 65535


class _Bad(ValueError):
    """Why a value is wrong; the caller knows file, line and field."""


@dataclass
class Conf:
    """A checked file: `config` for the board and the preshared keys, one or None per peer."""

    config: dict[str, Any]
    preshared: list[bytearray | None]


@dataclass
class Value:
    """A text, and where it was found under which name."""

    text: str
    name: str
    line: int
    file: str


@dataclass
class Section:
    """One interface or peer, by the field names of wg-quick; `title` is what the file calls it."""

    kind: str
    title: str
    line: int
    values: dict[str, list[Value]] = field(default_factory=dict)
    items: dict[str, Value] = field(default_factory=dict)  # where each item of a list stands


class Checker:
    """Turns Sections into a Conf; `file` is what complaints call it."""

    LISTS = ("Address", "DNS", "AllowedIPs")

    def __init__(self, file: str) -> None:
        self.file = file

    def fail(self, line: int, what: str, why: str) -> NoReturn:
        raise InputError(f"{self.file}:{line}: {what}: {why}") from None

    def put(self, section: Section, field_name: str, value: Value) -> None:
        """Take one value of a field."""
        before = section.values.setdefault(field_name, [])
        if before and field_name not in self.LISTS:
            _refuse(value, f"given twice, first in line {before[0].line}")
        if not value.text and field_name != "AllowedIPs":
            _refuse(value, "empty")
        before.append(value)

    def conf(self, sections: list[Section], name: str) -> Conf:
        """The checked whole; `sections` hold one interface and at least one peer."""
        interfaces = [s for s in sections if s.kind == "interface"]
        peers = [s for s in sections if s.kind == "peer"]
        if not interfaces:
            raise InputError(f"{self.file}: [Interface]: missing")
        if len(interfaces) > 1:
            self.fail(interfaces[1].line, "[Interface]", "given twice")
        if not peers:
            raise InputError(f"{self.file}: [Peer]: missing")
        if len(peers) > PEERS_MAX:
            self.fail(peers[PEERS_MAX].line, "[Peer]", f"a board takes at most {PEERS_MAX}")
        config = {"v": 1, "name": name, **self.interface_fields(interfaces[0])}
        config["peers"] = [self.peer(section) for section in peers]
        self._distinct(peers, config["peers"])
        if sum(len(peer["allowed_ips"]) for peer in config["peers"]) > ALLOWED_IPS_MAX:
            self.fail(peers[-1].line, "AllowedIPs", f"a board takes {ALLOWED_IPS_MAX} in all")
        return Conf(config, [self.preshared(s) for s in peers])

    def interface_fields(self, section: Section) -> dict[str, Any]:
        address = self._many(section, "Address", _interface_address, ADDRESSES_MAX)
        if not address:
            self.fail(section.line, "Address", f"missing in this {section.title}")
        mtu = _between(MTU_MIN_BYTES, MTU_MAX_BYTES)
        return {
            "address": address,
            "listen_port": self._one(section, "ListenPort", _between(0, 65535), 0),
            "mtu": self._one(section, "MTU", mtu, MTU_DEFAULT_BYTES),
            "dns": self._many(section, "DNS", _dns, DNS_MAX),
            "autostart": True,
        }

    def peer(self, section: Section) -> dict[str, Any]:
        public = self._one(section, "PublicKey", _public, None)
        if public is None:
            self.fail(section.line, "PublicKey", f"missing in this {section.title}")
        return {
            "public_key": public,
            "endpoint": self._one(section, "Endpoint", _endpoint, None),
            "allowed_ips": self._many(section, "AllowedIPs", _allowed, ALLOWED_IPS_MAX),
            "persistent_keepalive": self._one(section, "PersistentKeepalive", _keepalive, 0),
        }

    def preshared(self, section: Section) -> bytearray | None:
        key: bytearray | None = self._one(section, "PresharedKey", _secret, None)
        return key

    def _one(self, section: Section, name: str, parser: Callable[[str], Any], default: Any) -> Any:
        if name not in section.values:
            return default
        [value] = section.values[name]
        return _parsed(parser, value, value.text)

    def _many(
        self, section: Section, name: str, parser: Callable[[str], str], most: int
    ) -> list[str]:
        found: list[str] = []
        for value in section.values.get(name, []):
            for text in value.text.split(",") if value.text else []:
                item = _parsed(parser, value, text.strip())
                if item in found:
                    _refuse(value, f"{shown(item)} given twice")
                found.append(item)
                section.items[item] = value
                if len(found) > most:
                    _refuse(value, f"a board takes at most {most}")
        return found

    def _distinct(self, sections: list[Section], peers: list[dict[str, Any]]) -> None:
        """The kernel lets a later peer take over; in a file for one board that is a mistake."""
        seen: dict[str, Section] = {}
        for section, peer in zip(sections, peers, strict=True):
            section.items[peer["public_key"]] = section.values["PublicKey"][0]
            for item in [peer["public_key"], *peer["allowed_ips"]]:
                if item in seen:
                    first = f"the [Peer] of line {seen[item].line}"
                    _refuse(section.items[item], f"{item} is also in {first}")
                seen[item] = section


def _refuse(value: Value, why: str) -> NoReturn:
    raise InputError(f"{value.file}:{value.line}: {value.name}: {why}") from None


def _parsed(parser: Callable[[str], Any], value: Value, text: str) -> Any:
    try:
        return parser(text)
    except _Bad as error:
        _refuse(value, str(error))


def read_text(path: Path) -> str:
    """The text of a file of somebody else's, within bounds."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from None
    if len(data) > FILE_MAX_BYTES:
        raise InputError(f"{path}: larger than {FILE_MAX_BYTES} bytes: not a configuration")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text") from None


def _public(text: str) -> str:
    keys.wipe(_secret(text))
    return text


def _secret(text: str) -> bytearray:
    try:
        return keys.decode(text)
    except keys.KeyFormatError as error:
        raise _Bad(str(error)) from None


def _interface_address(text: str) -> str:
    return _interface(text).with_prefixlen


def _allowed(text: str) -> str:
    return str(_interface(text).network)  # host bits are masked off, as `wg` does


def _interface(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
    address, slash, prefix = text.partition("/")
    parsed = _address(address)
    if slash and not (DECIMAL_PATTERN.fullmatch(prefix) and int(prefix) <= parsed.max_prefixlen):
        raise _Bad(f"{shown(text)}: the prefix must be 0 to {parsed.max_prefixlen}")
    return ipaddress.ip_interface(f"{parsed}/{prefix if slash else parsed.max_prefixlen}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        if "%" in text or not text.isascii():
            raise ValueError
        return ipaddress.ip_address(text)
    except ValueError:
        raise _Bad(f"{shown(text)} is not an IPv4 or IPv6 address") from None


def _dns(text: str) -> str:
    try:
        return str(_address(text))
    except _Bad as error:
        raise _Bad(f"{error} (a board has no search domains)") from None


def _endpoint(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not DECIMAL_PATTERN.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise _Bad(f"{shown(text)}: must be host:port with a port of 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        address = _address(host[1:-1])
        if address.version != 6:
            raise _Bad(f"{shown(text)}: brackets are for IPv6 addresses")
        return f"[{address}]:{port}"
    if ":" in host:
        raise _Bad(f"{shown(text)}: an IPv6 address needs brackets, [address]:port")
    return f"{_host(host)}:{port}"


def _host(text: str) -> str:
    labels = text.split(".")
    if labels[-1].isdigit():  # no top-level name is all digits: this is meant as an address
        return str(_address(text))
    if len(text) > HOST_MAX_CHARS or not all(LABEL_PATTERN.fullmatch(label) for label in labels):
        raise _Bad(f"{shown(text)!r} is not a host name or address")
    return text


def _keepalive(text: str) -> int:
    if text.lower() == "off":
        return 0
    return _between(0, KEEPALIVE_MAX_S)(text)


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse_number(text: str) -> int:
        if not DECIMAL_PATTERN.fullmatch(text) or not low <= int(text) <= high:
            raise _Bad(f"{shown(text)}: must be {low} to {high}")
        return int(text)

    return parse_number


def shown(text: str) -> str:
    """A piece of the file that is safe to repeat: it may be a secret in the wrong place."""
    if len(text) >= 32 and re.search(r"[A-Za-z0-9+/]{32}", text):
        return "(looks like a key, not shown)"
    return printable(text, 60)
