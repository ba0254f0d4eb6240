# SPDX-License-Identifier: MIT
"""The grammar of files such as wg-quick's: [sections] of `name = value` lines.

A Grammar says which sections and names there are and what each becomes; the values themselves are
judged in fields.py, by the same rules whichever program's file it is.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from wgprov.fields import Checker, Conf, Section, Value, shown


@dataclass(frozen=True)
class Table:
    """One kind of section. Names are compared as written, unless the grammar folds case."""

    kind: str  # "interface" or "peer", what its fields belong to
    takes: dict[str, str]  # the file's name -> the field, as wg-quick calls it
    refused: dict[str, str] = field(default_factory=dict)  # the file's name -> why
    ignored: frozenset[str] = frozenset()  # without a meaning for a board
    convert: dict[str, Callable[[str], str]] = field(default_factory=dict)  # the file's name -> how


class Grammar(Checker, abc.ABC):
    """Reads one text. A program's grammar overrides what is below `sections`."""

    EXPECTED = ""  # which sections there are, for complaints
    FOLDS_CASE = False
    COMMENT = re.compile(r"\s*[#;].*")  # of a whole line

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.found: list[Section] = []

    def parse(self, text: str, name: str) -> Conf:
        return self.conf(self.sections(text), name)

    def sections(self, text: str) -> list[Section]:
        """The sections of the text; raises InputError at the first line that is wrong."""
        opened: tuple[Section, Table] | None = None
        for number, raw in enumerate(text.split("\n"), 1):
            line = self.bare(raw)
            if line.startswith("["):
                title = line[1:-1].strip() if line.endswith("]") else ""
                opened = self.open(title, number)
                if opened is None:
                    self.fail(number, shown(line), f"not {self.EXPECTED}")
            elif line:
                if opened is None:
                    self.fail(number, shown(line), f"before the first {self.EXPECTED}")
                self._assignment(*opened, number, line)
        return self.found

    def bare(self, raw: str) -> str:
        """A line without blanks around it, empty when it is a comment."""
        return "" if self.COMMENT.fullmatch(raw) else raw.strip()

    @abc.abstractmethod
    def open(self, title: str, number: int) -> tuple[Section, Table] | None:
        """The section that `title` begins or goes on with, and its names; None: no such section."""

    def _assignment(self, section: Section, table: Table, number: int, line: str) -> None:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            self.fail(number, shown(line), "not `Name = value`")
        name = self._spelled(name, table)
        if name in table.refused:
            self.fail(number, name, table.refused[name])
        if name in table.ignored:
            return
        if name not in table.takes:
            self.fail(number, shown(name), f"not a field of {section.title}")
        convert = table.convert.get(name)
        text = convert(value) if convert else value
        self.take(section, table.takes[name], text, name, number)

    def take(self, section: Section, field_name: str, text: str, name: str, number: int) -> None:
        self.put(section, field_name, Value(text, name, number, self.file))

    def interface(self, number: int) -> Section:
        """The one interface of a grammar that spreads it over several sections."""
        for section in self.found:
            if section.kind == "interface":
                return section
        self.found.append(Section("interface", "connection", number))
        return self.found[-1]

    def _spelled(self, name: str, table: Table) -> str:
        if not self.FOLDS_CASE:
            return name
        known = {n.lower(): n for n in (*table.takes, *table.refused, *table.ignored)}
        return known.get(name.lower(), name)
