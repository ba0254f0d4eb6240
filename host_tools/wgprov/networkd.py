# SPDX-License-Identifier: MIT
"""Read a .netdev of systemd-networkd (systemd.netdev(5)), and the .network that belongs to it."""

from __future__ import annotations

from pathlib import Path

from wgprov.errors import InputError
from wgprov.fields import Section
from wgprov.grammar import Grammar, Table
from wgprov.wgconf import NO_MARKS, NO_ROUTING_TABLES, OWN_KEY, PEER_FIELDS

_ONE_ADDRESS = "a board routes by AllowedIPs only: remove the line"
_KEY_FILE = "give the file to wgprov itself: remove the line and say --psk FILE"


def _spaces(text: str) -> str:
    """systemd separates by blanks, and takes commas in AllowedIPs."""
    return ",".join(text.replace(",", " ").split())


class NetDev(Grammar):
    """[NetDev] and [WireGuard] are the interface, each [WireGuardPeer] a peer."""

    EXPECTED = "a section of a WireGuard .netdev"
    TABLES = {
        "NetDev": Table(
            "interface",
            {"Name": "Name", "MTUBytes": "MTU"},
            ignored=frozenset({"Kind", "Description"}),
        ),
        "WireGuard": Table(
            "interface",
            {"ListenPort": "ListenPort"},
            {
                "PrivateKey": OWN_KEY,
                "PrivateKeyFile": OWN_KEY,
                "FirewallMark": NO_MARKS,
                "RouteTable": NO_ROUTING_TABLES,
            },
            frozenset({"RouteMetric"}),
        ),
        "WireGuardPeer": Table(
            "peer",
            {name: name for name in PEER_FIELDS},
            {"PresharedKeyFile": _KEY_FILE, "RouteTable": NO_ROUTING_TABLES},
            frozenset({"RouteMetric"}),
            {"AllowedIPs": _spaces},
        ),
    }

    def open(self, title: str, number: int) -> tuple[Section, Table] | None:
        if title not in self.TABLES:
            return None
        table = self.TABLES[title]
        if table.kind == "interface":
            return self.interface(number), table
        self.found.append(Section("peer", f"[{title}]", number))
        return self.found[-1], table


class Network(NetDev):
    """Adds its addresses to the interface that a .netdev has begun."""

    EXPECTED = "a section of a .network that a board has a use for"
    TABLES = {
        "Match": Table("interface", {}, ignored=frozenset({"Name"})),
        "Network": Table(
            "interface",
            {"Address": "Address", "DNS": "DNS"},
            {"Gateway": _ONE_ADDRESS, "DHCP": "a tunnel has no DHCP: remove the line"}
            | {"Domains": "a board has no search domains"},
            frozenset({"Description", "IPv6AcceptRA", "LinkLocalAddressing", "DNSDefaultRoute"}),
            {"DNS": _spaces},
        ),
        "Address": Table("interface", {"Address": "Address"}),
        "Link": Table("interface", {"MTUBytes": "MTU"}, ignored=frozenset({"RequiredForOnline"})),
    }

    def __init__(self, file: str, found: list[Section]) -> None:
        super().__init__(file)
        self.found = found


def beside(path: Path) -> Path:
    """The .network of a .netdev: the file beside it with the same name."""
    network = path.with_suffix(".network")
    if not network.exists():
        raise InputError(f"{path}: its addresses are in {network.name}, which is not beside it")
    return network
