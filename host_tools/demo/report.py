# SPDX-License-Identifier: MIT
"""What the demo prints: a line for each step as it goes, and a table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from demo.figure import Figure
from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass
class Point:
    number: int
    title: str
    figures: list[Figure] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""


class Report:
    """Collects the points; `failed` says whether one of them did not hold."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.points: list[Point] = []
        self._broken: dict[int, Exception] = {}
        self._started = time.monotonic()

    @property
    def failed(self) -> bool:
        return any(point.failure for point in self.points)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """One line with the time since the start."""
        self.console.print(Text(f"  {self.seconds:5.1f} s  {text}"), soft_wrap=True)

    def point(self, number: int, title: str, run: Callable[[], list[Figure]]) -> Point:
        """Run one point; its failure is reported and remembered, never raised."""
        point = Point(number, title)
        self.points.append(point)
        self.console.print(Text(f"{number}. {title}", style="bold"))
        started = time.monotonic()
        try:
            if number in self._broken:
                raise self._broken[number]
            point.figures = run()
        except Exception as error:
            point.failure = f"{type(error).__name__}: {error}"
            self.console.print(Text(f"     FAILED  {point.failure}", style="red"), soft_wrap=True)
        point.seconds = time.monotonic() - started
        return point

    def background(self, number: int, begin: Callable[[], None]) -> None:
        """Begin a point that ends later; a failure here is that point's failure."""
        try:
            begin()
        except Exception as error:
            self._broken[number] = error

    def table(self) -> Table:
        table = Table(title="The tunnel", title_justify="left", show_lines=True, expand=True)
        table.add_column("")
        table.add_column("Point and figures", overflow="fold", ratio=1)
        table.add_column("Time", justify="right")
        table.add_column("")
        for point in sorted(self.points, key=lambda point: point.number):
            table.add_row(
                str(point.number),
                _content(point),
                f"{point.seconds:.1f} s",
                Text("failed", style="red") if point.failure else Text("ok", style="green"),
            )
        return table

    def finish(self, files: dict[str, Path]) -> None:
        """The table, the files that stay, and the verdict."""
        self.console.print(self.table())
        for name, path in files.items():
            self.console.print(Text(f"{name}: {path}"), soft_wrap=True)
        bad = sorted(str(point.number) for point in self.points if point.failure)
        verdict = f"point {', '.join(bad)} failed" if bad else f"all {len(self.points)} points hold"
        self.console.print(Text(f"{verdict}, {self.seconds:.1f} s", style="bold"))


def _content(point: Point) -> Text:
    text = Text(point.title, style="bold")
    for figure in point.figures:
        text.append(f"\n{figure.label}: {figure.value}", style="not bold")
    if point.failure:
        text.append(f"\n{point.failure}", style="not bold red")
    return text
