# SPDX-License-Identifier: MIT
"""Read a NetworkManager keyfile (nm-settings-keyfile(5)) of a WireGuard connection."""

from __future__ import annotations

from wgprov.fields import MTU_DEFAULT_BYTES, Section, shown
from wgprov.grammar import Grammar, Table
from wgprov.wgconf import NO_MARKS, NO_ROUTING_TABLES, OWN_KEY

_NO_GATEWAY = "a board routes by AllowedIPs only: remove the line"
_PEER_PREFIX = "wireguard-peer."


def _list(text: str) -> str:
    """NetworkManager separates, and may end, a list by semicolons."""
    return ",".join(item for item in text.replace(";", ",").split(",") if item.strip())


def _first(text: str) -> str:
    """`address1` is an address and, after a comma, a gateway that a tunnel has no use for."""
    return text.split(",", 1)[0]


def _mtu(text: str) -> str:
    """0 is NetworkManager's word for automatic."""
    return str(MTU_DEFAULT_BYTES) if text == "0" else text


def _ip(others: frozenset[str] = frozenset()) -> Table:
    numbered = [f"address{i}" for i in range(1, 10)]
    return Table(
        "interface",
        {"addresses": "Address", "dns": "DNS", **dict.fromkeys(numbered, "Address")},
        {"gateway": _NO_GATEWAY, "routes": _NO_GATEWAY, "route1": _NO_GATEWAY}
        | {"route-table": NO_ROUTING_TABLES, "dns-search": "a board has no search domains"},
        frozenset({"method", "may-fail", "never-default", "ignore-auto-dns", "ignore-auto-routes"})
        | {"dns-priority", "route-metric"}
        | others,
        {"addresses": _list, "dns": _list, **dict.fromkeys(numbered, _first)},
    )


class KeyFile(Grammar):
    """One connection: sections that all describe the interface, and one for each peer."""

    EXPECTED = "a section of a WireGuard connection"
    TABLES = {
        "connection": Table(
            "interface",
            {"interface-name": "Name"},
            ignored=frozenset({"id", "uuid", "type", "autoconnect", "permissions", "timestamp"})
            | {"autoconnect-priority", "zone", "metered", "read-only"},
        ),
        "wireguard": Table(
            "interface",
            {"listen-port": "ListenPort", "mtu": "MTU"},
            {"private-key": OWN_KEY, "fwmark": NO_MARKS},
            frozenset({"private-key-flags", "peer-routes"})
            | {"ip4-auto-default-route", "ip6-auto-default-route"},
            {"mtu": _mtu},
        ),
        "ipv4": _ip(),
        "ipv6": _ip(frozenset({"addr-gen-mode", "ip6-privacy", "token"})),
        "proxy": Table("interface", {}),
    }
    PEER = Table(
        "peer",
        {
            "endpoint": "Endpoint",
            "preshared-key": "PresharedKey",
            "allowed-ips": "AllowedIPs",
            "persistent-keepalive": "PersistentKeepalive",
        },
        ignored=frozenset({"preshared-key-flags"}),
        convert={"allowed-ips": _list},
    )

    def open(self, title: str, number: int) -> tuple[Section, Table] | None:
        if title.startswith(_PEER_PREFIX):
            section = Section("peer", "[wireguard-peer]", number)
            self.found.append(section)
            key = title.removeprefix(_PEER_PREFIX)
            self.take(section, "PublicKey", key, shown(title), number)
            return section, self.PEER
        if title not in self.TABLES:
            return None
        return self.interface(number), self.TABLES[title]
