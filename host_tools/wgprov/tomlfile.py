# SPDX-License-Identifier: MIT
"""Lists that people write as TOML: tables of one kind, each with known fields."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wgprov.errors import InputError, printable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def rows(
    path: Path, text: str, kind: str, fields: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, table) of each [[kind]] in `text`, which is what the file has."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: {printable(error)}") from None
    tables = found.get(kind)
    if set(found) - {kind} or not isinstance(tables, list):
        raise InputError(f"{path}: must be [[{kind}]] tables and nothing else")
    for number, row in enumerate(tables, 1):
        where = f"{path}: {kind} {number}"
        if not isinstance(row, dict) or set(row) - set(fields):
            raise InputError(f"{where}: may have {', '.join(fields)}")
        yield where, row
