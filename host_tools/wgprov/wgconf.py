# SPDX-License-Identifier: MIT
"""Read a wg-quick .conf file into the configuration that a board takes."""

from __future__ import annotations

from typing import Any

from wgprov.fields import Conf, Section
from wgprov.grammar import Grammar, Table

_NO_COMMANDS = "a board has no shell to run it: remove the line"
NO_ROUTING_TABLES = "a board has no routing tables: remove the line"
NO_MARKS = "a board has no packet marks: remove the line"
PEER_FIELDS = ("PublicKey", "PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive")
OWN_KEY = (
    "the board makes its own key: remove the line "
    "(or see --private-key-from in `wgprov provision --help`)"
)


class WgQuick(Grammar):
    """wg-quick(8): names in any case, comments also behind a value."""

    EXPECTED = "[Interface] or [Peer]"
    FOLDS_CASE = True
    TABLES = {
        "Interface": Table(
            "interface",
            {name: name for name in ("Address", "ListenPort", "MTU", "DNS")},
            {
                "PrivateKey": OWN_KEY,
                "PreUp": _NO_COMMANDS,
                "PostUp": _NO_COMMANDS,
                "PreDown": _NO_COMMANDS,
                "PostDown": _NO_COMMANDS,
                "Table": NO_ROUTING_TABLES,
                "FwMark": NO_MARKS,
                "SaveConfig": "a board does not write files like this one: remove the line",
            },
        ),
        "Peer": Table("peer", {name: name for name in PEER_FIELDS}),
    }

    def bare(self, raw: str) -> str:
        return raw.split("#", 1)[0].strip()

    def open(self, title: str, number: int) -> tuple[Section, Table] | None:
        title = title.capitalize()
        if title not in self.TABLES:
            return None
        table = self.TABLES[title]
        self.found.append(Section(table.kind, f"[{title}]", number))
        return self.found[-1], table


def parse(text: str, name: str, file: str) -> Conf:
    """Check the text of a file; `file` is what complaints call it."""
    return WgQuick(file).parse(text, name)


def from_config(config: dict[str, Any]) -> str:
    """The file that gives this configuration, without its secrets. What a board says may be
    anything: the text is checked as if a person had written it."""
    lines = ["[Interface]", f"Address = {', '.join(config['address'])}"]
    lines += [f"ListenPort = {config['listen_port']}"] if config["listen_port"] else []
    lines += [f"MTU = {config['mtu']}"]
    lines += [f"DNS = {', '.join(config['dns'])}"] if config["dns"] else []
    for peer in config["peers"]:
        lines += ["", "[Peer]", f"PublicKey = {peer['public_key']}"]
        lines += [f"AllowedIPs = {', '.join(peer['allowed_ips'])}"]
        lines += [f"Endpoint = {peer['endpoint']}"] if peer["endpoint"] else []
        if peer["persistent_keepalive"]:
            lines.append(f"PersistentKeepalive = {peer['persistent_keepalive']}")
    text = "\n".join(lines) + "\n"
    if parse(text, str(config["name"]), "board").config != {**config, "autostart": True}:
        raise ValueError("not a configuration of ours")
    return text
