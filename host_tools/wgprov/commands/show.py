# SPDX-License-Identifier: MIT
"""wgprov show: what `wg show` would print, from a board."""

from __future__ import annotations

from typing import Any

from wgprov import wgshow
from wgprov.errors import BoardError
from wgprov.session import WRITE_TIMEOUT_S, Session


def run(session: Session, name: str | None = None) -> list[dict[str, Any]]:
    """The board's interfaces, or the one called `name`."""
    session.hello()
    interfaces = wgshow.known_fields(session.request("show", WRITE_TIMEOUT_S))
    if name is None:
        return interfaces
    chosen = [i for i in interfaces if i.get("name") == name]
    if not chosen:
        names = ", ".join(str(i.get("name")) for i in interfaces) or "none"
        raise BoardError(f"the board has no interface {name} (it has: {names})")
    return chosen
