# SPDX-License-Identifier: MIT
"""Reads firmware/sources.lock: what each section says, and whether it can be meant."""

from __future__ import annotations

import configparser
import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path


class FetchError(Exception):
    """A source that cannot be had, or is not what the lock says: one line for the user."""


@dataclass(frozen=True)
class Source:
    """One section of the lock file."""

    name: str
    version: str
    git: str
    tag: str
    commit: str
    submodules: tuple[str, ...]
    suite: str
    package: str
    is_binary: bool
    take: str
    sha256: tuple[tuple[str, str], ...]
    into: str
    only: tuple[str, ...] = field(default=(), repr=False)
    group: str = field(default="", repr=False)
    parent: Source | None = field(default=None, repr=False)

    def key(self) -> str:
        """Identity of the wanted tree: a change of anything in the section makes it stale."""
        extra = (*self.only, self.parent.key()) if self.parent else self.only
        return hashlib.sha256(" ".join((repr(self), *extra)).encode()).hexdigest()

    def path_in_parent(self) -> str:
        """Of a submodule: where its parent has it, which is where it goes."""
        assert self.parent is not None
        return self.into.removeprefix(self.parent.into + "/")


def _parse_hashes(name: str, text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for line in text.split("\n"):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or len(words[0]) != 64 or "/" in words[1]:
            raise FetchError(
                f"sources.lock: [{name}] sha256: not '<64 hex digits>  <file>': {line!r}"
            )
        pairs.append((words[1], words[0]))
    return tuple(pairs)


def _parse_section(name: str, section: configparser.SectionProxy) -> Source:
    for needed in ("version", "into"):
        if not section.get(needed):
            raise FetchError(f"sources.lock: [{name}] {needed}: missing")
    into = section["into"]
    if os.path.isabs(into) or ".." in Path(into).parts:
        raise FetchError(f"sources.lock: [{name}] into: {into!r} leaves the source folder")
    return Source(
        name=name,
        version=section["version"],
        git=section.get("git", ""),
        tag=section.get("tag", ""),
        commit=section.get("commit", ""),
        submodules=tuple(section.get("submodules", "").split()),
        suite=section.get("suite", ""),
        package=section.get("source", "") or section.get("binary", ""),
        is_binary="binary" in section,
        take=section.get("take", ""),
        sha256=_parse_hashes(name, section.get("sha256", "")),
        into=into,
        only=tuple(section.get("only", "").split()),
        group=section.get("group", ""),
    )


def _parse_sections(parser: configparser.ConfigParser) -> list[Source]:
    found: dict[str, Source] = {}
    for name in parser.sections():
        source = _parse_section(name, parser[name])
        if above := parser[name].get("submodule of", ""):
            if above not in found:
                raise FetchError(f"sources.lock: [{name}] submodule of: no section [{above}] above")
            source = replace(source, parent=found[above])
        found[name] = source
    return list(found.values())


def read_lock(path: Path) -> list[Source]:
    """The lock's sections in their order."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error) as error:
        raise FetchError(f"{path}: {' '.join(str(error).split())}") from None
    return _parse_sections(parser)
