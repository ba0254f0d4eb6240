# SPDX-License-Identifier: MIT
"""Where things lie in a checkout, and the stamps that tell whether a step is still current."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
VENV = CACHE / "venv"
LOGS = CACHE / "logs"
STAMPS = CACHE / "stamps"
PEER = ROOT / "host_tools" / "peer"


def digest(parts: Iterable[str | Path]) -> str:
    """One hash of strings and of files' contents; an absent file counts as such."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            content = part.read_bytes() if part.is_file() else b"absent"
        else:
            content = part.encode()
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()


def stamp_is(name: str, key: str) -> bool:
    """True when the step `name` was last finished with this key."""
    path = STAMPS / name
    return path.is_file() and path.read_text(encoding="utf-8") == key


def set_stamp(name: str, key: str) -> None:
    """Record that the step `name` is finished."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(key, encoding="utf-8")


def clear_stamp(name: str) -> None:
    """Forget the step `name`, before its result is touched."""
    (STAMPS / name).unlink(missing_ok=True)
