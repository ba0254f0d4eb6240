# SPDX-License-Identifier: MIT
"""docs/TROUBLESHOOTING.md quotes what the board and wgprov say: each message is in the sources, and
each reason that a tunnel can be down for is in the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from wireguard import status
from wireguard.core import peer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "TROUBLESHOOTING.md").read_text()
SOURCES = [*(ROOT / "mpy" / "wireguard").rglob("*.py"), *(ROOT / "host_tools/wgprov").rglob("*.py")]
SPOKEN = "## What "  # headings of the tables whose first column quotes
FILLED_IN = r"\b[A-Z]{4,}\b|\bN\b|…"
# The name of an exception is Python's, and "connecting" a state's.
ELSEWHERE = {"MemoryError"}


def quoted(page: str = PAGE) -> list[str]:
    """What stands between backticks in the first column of the tables of messages."""
    sections = [part for part in re.split(r"^(?=## )", page, flags=re.M) if part.startswith(SPOKEN)]
    rows = [line for part in sections for line in part.splitlines() if line.startswith("| ")]
    found = [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in rows]
    return [text for texts in found for text in texts]


def pattern(quote: str) -> str:
    return ".*".join(re.escape(part) for part in re.split(FILLED_IN, quote))


def messages(path: Path) -> Iterator[str]:
    """Every text of a source; what is filled in later stays as it is written."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
            yield "".join(map(str, parts))


@pytest.fixture(scope="module")
def said() -> str:
    return "\0".join(text.replace("\n", " ") for path in SOURCES for text in messages(path))


def is_said(quote: str, said: str) -> bool:
    return re.search(pattern(quote).replace(".*", "[^\0]*"), said) is not None


@pytest.mark.parametrize("quote", quoted())
def test_a_quoted_message_is_in_the_sources(quote: str, said: str) -> None:
    assert quote in ELSEWHERE or is_said(quote, said)


def test_a_message_that_nobody_says_is_found(said: str) -> None:
    page = "## What x says\n\n| words | |\n|---|---|\n| `no root to NAME` | `other` |\n"
    assert quoted(page) == ["no root to NAME"]
    assert not is_said("no root to NAME", said) and is_said("no address for NAME", said)


def reasons() -> list[str]:
    """Why a tunnel is down, as wg.status() says it."""
    failures = [peer.NO_ENDPOINT, peer.NO_REPLY, peer.UNDER_LOAD, peer.BAD_KEY, peer.BAD_REPLY]
    hints = [status._CHECK_CLOCK, status._CHECK_MAC1]
    return [*failures, *hints, peer.NO_MARK, peer.CONNECTING, status.NO_ROUTE, status.IDLE]


@pytest.mark.parametrize("reason", reasons())
def test_each_reason_is_explained(reason: str) -> None:
    assert [quote for quote in quoted() if re.match(pattern(quote), reason)]


def test_no_reason_is_forgotten() -> None:
    """A new one in core/peer.py has to come into the list above."""
    words = {
        value for name, value in vars(peer).items() if name.isupper() and isinstance(value, str)
    }
    assert words - set(reasons()) == {peer.IDLE, peer.UP, peer.FAILED}
