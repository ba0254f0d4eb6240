# SPDX-License-Identifier: MIT
"""Hooks of mkdocs (mkdocs.yml): adds the generated pages, and mends links out of docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from host_tools.docsite import boards, commands, links

PROGRAMS = "cookbook/"  # pages of long code lines, which get the table of contents' room
MORE = "Internals"  # the part of the navigation where a page goes that it does not name


def on_config(config: MkDocsConfig) -> None:
    """A page that nobody put into the navigation is listed all the same."""
    listed = set(_pages(config.nav))
    docs = Path(config.docs_dir)
    found = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    section = next(part[MORE] for part in config.nav or [] if MORE in part)
    section += sorted(found - listed)


def on_files(files: Files, config: MkDocsConfig) -> None:
    """The pages that are made."""
    made = {"commands.md": commands.page(), **boards.pages()}
    for source, place in links.BORROWED.items():
        made[place] = (links.ROOT / source).read_text()
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links that were written for the repository."""
    if page.file.src_uri.startswith(PROGRAMS):
        page.meta["hide"] = ["toc"]
    return links.rewrite(markdown, page.file.src_uri)


def _pages(nav: Any) -> list[str]:
    """All file names in a navigation."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [name for part in parts for name in _pages(part)]
