# SPDX-License-Identifier: MIT
"""Links as they are in the repository, made good for the site.

A page is read in two places: in the repository, where it may name any file, and on the site, which
has the files of docs/ and some more.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Files outside docs/ that are pages too: {in the repository: on the site}.
BORROWED = {
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "firmware/ports/rp2/README.md": "ports/rp2.md",
    "firmware/ports/qemu_mps2/README.md": "ports/qemu_mps2.md",
}
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")


def source_of(page: str) -> str:
    """The file in the repository that a page of the site was made from."""
    for source, place in BORROWED.items():
        if place == page:
            return source
    return f"docs/{page}"


def rewrite(markdown: str, page: str) -> str:
    """Point links to where the site has their targets. What it lacks becomes plain text, unless
    the repository has no such file either: that stays, for mkdocs to complain about."""
    folder = posixpath.dirname(source_of(page))

    def place(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match["path"]))
        on_site = BORROWED.get(target) or _in_docs(target)
        if on_site is not None:
            path = posixpath.relpath(on_site, posixpath.dirname(page) or ".")
            return f"[{match['text']}]({path}{match['anchor'] or ''})"
        return match["text"] if (ROOT / target).exists() else match[0]

    return _LINK.sub(place, markdown)


def _in_docs(target: str) -> str | None:
    return target.removeprefix("docs/") if target.startswith("docs/") else None
