# SPDX-License-Identifier: MIT
"""wgprov remove: make a board forget an interface and its keys."""

from __future__ import annotations

from typing import Any

from wgprov.errors import BoardError, printable
from wgprov.session import WRITE_TIMEOUT_S, Session


def run(session: Session, name: str) -> dict[str, Any]:
    """Remove `name`; its private key is gone for good."""
    names = session.hello()["names"]
    if name not in names:
        has = ", ".join(names) or "none"
        raise BoardError(f"the board has no interface {name} (it has: {has})")
    reply = session.request("remove", WRITE_TIMEOUT_S, name=name)
    return {"name": name, "tunnel": printable(reply.get("tunnel"))}
