# SPDX-License-Identifier: MIT
"""Read a wg-quick .conf file into the configuration that a board takes (docs/PROVISIONING.md).

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
NAME_PATTERN = re.compile(r"[A-Za-z0-9_=+-][A-Za-z0-9_=+.-]{0,14}")
LABEL_PATTERN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
DECIMAL_PATTERN = re.compile(r"0|[1-9][0-9]{0,4}")
HOST_MAX_CHARS = 253

# The board's own limits (mpy/wireguard/config.py); a test compares them.
ADDRESSES_MAX = 4
DNS_MAX = 4
PEERS_MAX = 4
ALLOWED_IPS_MAX = 16  # of all peers together
MTU_MIN_BYTES = 576
MTU_MAX_BYTES = 1440
MTU_DEFAULT_BYTES = 1420
KEEPALIVE_MAX_S = 65535

_NO_COMMANDS = "a board has no shell to run it: remove the line"
REFUSED = {
    "privatekey": "the board makes its own key: remove the line "
    "(or see --private-key-from in `wgprov provision --help`)",
    "preup": _NO_COMMANDS,
    "postup": _NO_COMMANDS,
    "predown": _NO_COMMANDS,
    "postdown": _NO_COMMANDS,
    "table": "a board has no routing tables: remove the line",
    "fwmark": "a board has no packet marks: remove the line",
    "saveconfig": "a board does not write files like this one: remove the line",
}


class _Bad(ValueError):
    """Why a value is wrong; the caller knows file, line and field."""


@dataclass
class Conf:
    """A checked file: `config` for the board and the preshared keys, one or None per peer."""

    config: dict[str, Any]
    preshared: list[bytearray | None]


@dataclass
class _Section:
    kind: str
    line: int
    values: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # of each item of a list


def load(path: Path, name: str | None = None) -> Conf:
    """Read and check a file; the interface is called as the file is, as in wg-quick."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from None
    if len(data) > FILE_MAX_BYTES:
        raise InputError(f"{path}: larger than {FILE_MAX_BYTES} bytes: not a wg-quick file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text") from None
    chosen = path.name.removesuffix(".conf") if name is None else name
    if not NAME_PATTERN.fullmatch(chosen):
        source = "the file name" if name is None else "--name"
        raise InputError(
            f"{path}: {source} gives the interface name {printable(chosen)!r}: "
            "use --name with 1 to 15 of A-Z a-z 0-9 _ = + . -"
        )
    return parse(text, chosen, str(path))


def parse(text: str, name: str, file: str) -> Conf:
    """Check the text of a file; `file` is what complaints call it."""
    reader = _Reader(file)
    sections = reader.sections(text)
    interfaces = [s for s in sections if s.kind == "interface"]
    peers = [s for s in sections if s.kind == "peer"]
    if not interfaces:
        raise InputError(f"{file}: [Interface]: missing")
    if len(interfaces) > 1:
        reader.fail(interfaces[1].line, "[Interface]", "given twice")
    if not peers:
        raise InputError(f"{file}: [Peer]: missing")
    if len(peers) > PEERS_MAX:
        reader.fail(peers[PEERS_MAX].line, "[Peer]", f"a board takes at most {PEERS_MAX}")
    config = {"v": 1, "name": name, **reader.interface(interfaces[0])}
    config["peers"] = [reader.peer(section) for section in peers]
    reader.distinct(peers, config["peers"])
    if sum(len(peer["allowed_ips"]) for peer in config["peers"]) > ALLOWED_IPS_MAX:
        reader.fail(peers[-1].line, "AllowedIPs", f"a board takes {ALLOWED_IPS_MAX} in all")
    return Conf(config, [reader.one(s, "PresharedKey", _secret, None) for s in peers])


class _Reader:
    """The grammar, and the name of the file for complaints."""

    FIELDS = {
        "interface": ("Address", "ListenPort", "MTU", "DNS"),
        "peer": ("PublicKey", "PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive"),
    }
    LISTS = ("address", "dns", "allowedips")

    def __init__(self, file: str) -> None:
        self._file = file

    def fail(self, line: int, what: str, why: str) -> NoReturn:
        raise InputError(f"{self._file}:{line}: {what}: {why}") from None

    def sections(self, text: str) -> list[_Section]:
        found: list[_Section] = []
        for number, raw in enumerate(text.split("\n"), 1):
            line = raw.split("#", 1)[0].strip()
            if line.startswith("["):
                found.append(self._section(number, line))
            elif line:
                if not found:
                    self.fail(number, _shown(line), "before the first [Interface] or [Peer]")
                self._assignment(found[-1], number, line)
        return found

    def _section(self, number: int, line: str) -> _Section:
        kind = line[1:-1].strip().lower() if line.endswith("]") else ""
        if kind not in self.FIELDS:
            self.fail(number, _shown(line), "not [Interface] or [Peer]")
        return _Section(kind, number)

    def _assignment(self, section: _Section, number: int, line: str) -> None:
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        key = name.lower()
        if not equals:
            self.fail(number, _shown(line), "not `Name = value`")
        if key in REFUSED and section.kind == "interface":
            self.fail(number, _shown(name), REFUSED[key])
        spelled = {f.lower(): f for f in self.FIELDS[section.kind]}
        if key not in spelled:
            self.fail(number, _shown(name), f"not a field of [{section.kind.capitalize()}]")
        if key in section.values and key not in self.LISTS:
            first = section.values[key][0][1]
            self.fail(number, spelled[key], f"given twice, first in line {first}")
        if not value and key != "allowedips":
            self.fail(number, spelled[key], "empty")
        section.values.setdefault(key, []).append((value, number))

    def interface(self, section: _Section) -> dict[str, Any]:
        address = self.many(section, "Address", _interface_address, ADDRESSES_MAX)
        if not address:
            self.fail(section.line, "Address", "missing in this [Interface]")
        mtu = _between(MTU_MIN_BYTES, MTU_MAX_BYTES)
        return {
            "address": address,
            "listen_port": self.one(section, "ListenPort", _between(0, 65535), 0),
            "mtu": self.one(section, "MTU", mtu, MTU_DEFAULT_BYTES),
            "dns": self.many(section, "DNS", _dns, DNS_MAX),
            "autostart": True,
        }

    def peer(self, section: _Section) -> dict[str, Any]:
        public = self.one(section, "PublicKey", _public, None)
        if public is None:
            self.fail(section.line, "PublicKey", "missing in this [Peer]")
        return {
            "public_key": public,
            "endpoint": self.one(section, "Endpoint", _endpoint, None),
            "allowed_ips": self.many(section, "AllowedIPs", _allowed, ALLOWED_IPS_MAX),
            "persistent_keepalive": self.one(section, "PersistentKeepalive", _keepalive, 0),
        }

    def one(self, section: _Section, name: str, parser: Callable[[str], Any], default: Any) -> Any:
        if name.lower() not in section.values:
            return default
        [(text, line)] = section.values[name.lower()]
        return self._parsed(parser, text, line, name)

    def many(
        self, section: _Section, name: str, parser: Callable[[str], str], most: int
    ) -> list[str]:
        found: list[str] = []
        for text, line in section.values.get(name.lower(), []):
            for item in text.split(",") if text else []:
                value = self._parsed(parser, item.strip(), line, name)
                if value in found:
                    self.fail(line, name, f"{_shown(value)} given twice")
                found.append(value)
                section.lines[value] = line
                if len(found) > most:
                    self.fail(line, name, f"a board takes at most {most}")
        return found

    def _parsed(self, parser: Callable[[str], Any], text: str, line: int, name: str) -> Any:
        try:
            return parser(text)
        except _Bad as error:
            self.fail(line, name, str(error))

    def distinct(self, sections: list[_Section], peers: list[dict[str, Any]]) -> None:
        """The kernel lets a later peer take over; in a file for one board that is a mistake."""
        seen: dict[str, int] = {}
        for section, peer in zip(sections, peers, strict=True):
            section.lines[peer["public_key"]] = section.values["publickey"][0][1]
            for value in [peer["public_key"], *peer["allowed_ips"]]:
                if value in seen:
                    name = "AllowedIPs" if "/" in value[-4:] else "PublicKey"
                    why = f"{value} is also in the [Peer] of line {seen[value]}"
                    self.fail(section.lines[value], name, why)
                seen[value] = section.line


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
        raise _Bad(f"{_shown(text)}: the prefix must be 0 to {parsed.max_prefixlen}")
    return ipaddress.ip_interface(f"{parsed}/{prefix if slash else parsed.max_prefixlen}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        if "%" in text or not text.isascii():
            raise ValueError
        return ipaddress.ip_address(text)
    except ValueError:
        raise _Bad(f"{_shown(text)} is not an IPv4 or IPv6 address") from None


def _dns(text: str) -> str:
    try:
        return str(_address(text))
    except _Bad as error:
        raise _Bad(f"{error} (a board has no search domains)") from None


def _endpoint(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not DECIMAL_PATTERN.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise _Bad(f"{_shown(text)}: must be host:port with a port of 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        address = _address(host[1:-1])
        if address.version != 6:
            raise _Bad(f"{_shown(text)}: brackets are for IPv6 addresses")
        return f"[{address}]:{port}"
    if ":" in host:
        raise _Bad(f"{_shown(text)}: an IPv6 address needs brackets, [address]:port")
    return f"{_host(host)}:{port}"


def _host(text: str) -> str:
    labels = text.split(".")
    if labels[-1].isdigit():  # no top-level name is all digits: this is meant as an address
        return str(_address(text))
    if len(text) > HOST_MAX_CHARS or not all(LABEL_PATTERN.fullmatch(label) for label in labels):
        raise _Bad(f"{_shown(text)!r} is not a host name or address")
    return text


def _keepalive(text: str) -> int:
    if text.lower() == "off":
        return 0
    return _between(0, KEEPALIVE_MAX_S)(text)


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse_number(text: str) -> int:
        if not DECIMAL_PATTERN.fullmatch(text) or not low <= int(text) <= high:
            raise _Bad(f"{_shown(text)}: must be {low} to {high}")
        return int(text)

    return parse_number


def _shown(text: str) -> str:
    """A piece of the file that is safe to repeat: it may be a secret in the wrong place."""
    if len(text) >= 32 and re.search(r"[A-Za-z0-9+/]{32}", text):
        return "(looks like a key, not shown)"
    return printable(text, 60)
