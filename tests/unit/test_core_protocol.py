# SPDX-License-Identifier: MIT
"""docs/PROTOCOL.md against the sources: each function and each test that it names must exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from wireguard.core import constants
from wireguard.core.tunnel import _COUNTERS
from wireguard.resolver import Resolver

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "PROTOCOL.md"
CODE = ("mpy/wireguard", "mpy/wireguard/core", "firmware/session", "firmware/netif")
TESTS = ("tests/unit", "tests/native", "tests/hil", "tests/hostile")
REFERENCE = re.compile(r"`([\w.]+\.(?:py|c)):(:?)([\w.]+)`")

Row = tuple[str, str, str]


def rows(text: str) -> list[Row]:
    """(rule, code, tests) of the tables with three columns."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    found = [tuple(row) for row in cells if len(row) == 3]
    return [row for row in found if row[0] not in ("rule", "---")]


def find_files(name: str, folders: tuple[str, ...]) -> list[Path]:
    """tests/unit and tests/hil have files of the same name; one of them has to hold the test."""
    return [ROOT / folder / name for folder in folders if (ROOT / folder / name).is_file()]


def python_names(tree: ast.AST, prefix: str = "") -> set[str]:
    """Functions and classes, `Class.method` included, and names that are assigned at the top."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                names |= python_names(node, prefix + node.name + ".")
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def c_names(text: str) -> set[str]:
    """Functions that are defined, not only declared."""
    return set(re.findall(r"^[a-z][\w \t*]*?(\w+)\([^;{]*\)\s*\{", text, re.MULTILINE))


def names_in(file: Path) -> set[str]:
    text = file.read_text(encoding="utf-8")
    return python_names(ast.parse(text)) if file.suffix == ".py" else c_names(text)


def missing(row: Row) -> list[str]:
    """What a row names and what does not exist, or that it names nothing."""
    problems = []
    for cell, folders, colon in ((row[1], CODE, ""), (row[2], TESTS, ":")):
        references = REFERENCE.findall(cell)
        if not references or re.sub(r"`[^`]*`|,|\s", "", cell):
            problems.append(f"not a list of references: {cell}")
        for file, second, name in references:
            known = [names_in(found) for found in find_files(file, folders)]
            if second != colon or not any(name in names for names in known):
                problems.append(f"{file}:{second}{name}")
    return problems


ROWS = rows(DOC.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_function_and_test_exist(row: Row) -> None:
    assert missing(row) == []


def test_there_are_rows_of_every_chapter() -> None:
    assert len(ROWS) >= 60
    chapters = DOC.read_text(encoding="utf-8").split("\n## ")
    for name in ("Handshake", "Cookies", "Sessions", "Timers", "Endpoints"):
        assert any(chapter.startswith(name) and rows(chapter) for chapter in chapters)


@pytest.mark.parametrize(
    "row",
    [
        ("rule", "`timers.py:Timers.no_such`", "`test_tunnel.py::test_indices_are_unlike`"),
        ("rule", "`wg_peer.c:no_such`", "`test_tunnel.py::test_indices_are_unlike`"),
        ("rule", "`timers.py:Timers.due`", "`test_tunnel.py::test_no_such`"),
        ("rule", "`timers.py:Timers.due`", "by inspection"),
        ("rule", "", "`test_tunnel.py::test_indices_are_unlike`"),
    ],
)
def test_a_wrong_row_is_noticed(row: Row) -> None:
    assert missing(row) != []


def test_every_counter_of_python_is_explained() -> None:
    text = DOC.read_text(encoding="utf-8").split("\n## Counters")[1]
    client = (ROOT / "mpy/wireguard/client.py").read_text(encoding="utf-8")
    own = re.search(r"self\.counters = \{(.*?)\}", client)
    assert own is not None
    wanted = {*_COUNTERS, *Resolver(None, None).counters, *re.findall(r'"(\w+)"', own[1])}
    explained = set(re.findall(r"`(\w+)`", text.split("|---|---|")[1]))
    assert wanted <= explained and wanted >= {name for name in explained if "_" in name}


def test_constants_name_their_unit() -> None:
    units = ("_MS", "_BYTES", "_MAX", "_BURST", "_PACKETS")
    for name in vars(constants):
        if name.isupper():
            assert name.endswith(units) or "_MS" in name, name
