# SPDX-License-Identifier: MIT
"""A page for each family of boards, from boards/*.json and the verified table of docs/BOARDS.md."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown.extensions.toc import slugify

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "BOARDS.md"

log = logging.getLogger("mkdocs.docsite")  # below mkdocs: a warning ends a strict build


@dataclass(frozen=True)
class Family:
    """Boards whose processor's name begins with one of `mcus`; the heading of what BOARDS.md has
    on them begins with `section`."""

    page: str
    title: str
    mcus: tuple[str, ...]
    section: str = ""


FAMILIES = (
    Family("raspberry-pi-pico", "Raspberry Pi Pico: RP2040, RP2350", ("rp2",), "RP2040"),
    Family("esp32", "ESP32", ("esp32",), "ESP32"),
    Family("stm32", "STM32", ("stm32",), "STM32"),
    Family("emulated", "Emulated boards: QEMU", ("mps2",)),
    Family("other", "Other boards", ("",)),
)


def pages() -> dict[str, str]:
    """{path of the page: its Markdown} of the families that have boards."""
    members: dict[str, list[str]] = {family.page: [] for family in FAMILIES}
    table = verified()
    boards = {path.stem: json.loads(path.read_text()) for path in sorted(_files())}
    for env in sorted(boards, key=lambda env: _place(env, table)):
        members[_family(boards[env]).page].append(env)
    return {
        f"boards/{family.page}.md": "\n".join(
            _page(family, {env: boards[env] for env in members[family.page]}, table)
        )
        for family in FAMILIES
        if members[family.page]
    }


def verified() -> list[str]:
    """The lines of the table in docs/BOARDS.md that says what was run, and where: its first column
    is headed "board"."""
    lines = itertools.dropwhile(
        lambda line: not line.startswith("| board |"), TABLE.read_text().splitlines()
    )
    return list(itertools.takewhile(lambda line: line.startswith("|"), lines))


def _heading(begin: str) -> str | None:
    """The heading of docs/BOARDS.md that begins so."""
    headings = (line[3:] for line in TABLE.read_text().splitlines() if line.startswith("## "))
    return next((text for text in headings if begin and text.startswith(begin)), None)


def _files() -> Iterator[Path]:
    return (ROOT / "boards").glob("*.json")


def _family(board: dict[str, Any]) -> Family:
    mcu = board["build"]["mcu"]
    return next(family for family in FAMILIES if mcu.startswith(family.mcus))


def _place(env: str, table: list[str]) -> int:
    """Where the table has this board."""
    for i, line in enumerate(table):
        if f"`{env}`" in line.split("|")[1]:
            return i
    log.warning("docs/BOARDS.md says nowhere how far %s was verified", env)
    return len(table)


def _page(family: Family, boards: dict[str, Any], table: list[str]) -> Iterator[str]:
    rows = sorted({_place(env, table) for env in boards})
    yield f"# {family.title}\n"
    yield "What was verified, and where; [what the words mean](../BOARDS.md).\n"
    yield from [*table[:2], *(table[row].replace("](../", "](../../") for row in rows)]
    if heading := _heading(family.section):
        yield f"\nMore on these chips: [{heading}](../BOARDS.md#{slugify(heading, '-')})."
    for env, board in boards.items():
        yield from _board(env, board)


def _board(env: str, board: dict[str, Any]) -> Iterator[str]:
    build, upload = board["build"], board["upload"]
    facts = [f"{build['mcu']}, {build['cpu']}, {int(build['f_cpu'].rstrip('L')) // 10**6} MHz"]
    facts += [f"network: {', '.join(board['connectivity'])}"] if board.get("connectivity") else []
    facts += [f"firmware of at most {upload['maximum_size'] // 1024} KiB"]
    yield f"\n## {board['name']} {{#{env}}}\n"
    yield f"[{board['vendor']}]({board['url']}) · {' · '.join(facts)}\n"
    yield "```sh"
    yield from _commands(env, upload)
    yield "```"


def _commands(env: str, upload: dict[str, Any]) -> Iterator[str]:
    yield f"make {env}"
    if upload["protocol"] == "uf2":  # by wgprov too, which shows what it erases
        yield f"wgprov flash .cache/build/firmware/{env}/{upload['image']}"
    else:
        yield f"pio run -e {env} -t upload"
    at = f" -p .cache/run/{env}.tty" if upload["protocol"] == "qemu" else ""
    yield f"wgprov provision{at} wg0.conf"
