# SPDX-License-Identifier: MIT
"""Read a wg-quick .conf file into the configuration that a board takes."""

from __future__ import annotations

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
