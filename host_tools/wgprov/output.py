# SPDX-License-Identifier: MIT
"""What a person or a script gets to see: lines, notes, JSON and tables, each in one way."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, ProgressColumn
from rich.table import Table
from rich.text import Text


def console(stderr: bool = False) -> Console:
    return Console(stderr=stderr)  # colours only on a terminal, and NO_COLOR is heeded


def say(line: str) -> None:
    console().print(line, markup=False, highlight=False, soft_wrap=True)


def note(line: str) -> None:
    _to_stderr(f"wgprov: note: {line}", "yellow")


def failure(line: str) -> None:
    _to_stderr(f"wgprov: {line}", "red")


def _to_stderr(line: str, style: str) -> None:
    console(stderr=True).print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def progress(*columns: ProgressColumn, hidden: bool) -> Progress:
    """A bar on a terminal's standard error; in a log it would be noise."""
    err = console(stderr=True)
    return Progress(*columns, console=err, disable=hidden or not err.is_terminal)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; in a pipe lines of fields between tabs, without the heads."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    console().print(table(heads, rows))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """What a cell says is text, never rich's markup: it may come from a board."""
    made = Table(*heads, box=None)
    for row in rows:
        made.add_row(*[Text(cell) for cell in row])
    return made
