# SPDX-License-Identifier: MIT
"""The report's plots: throughput, ping latency and the time that a handshake takes."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.figure import Figure

DPI = 100
WIDTH_IN, HEIGHT_IN = 8, 3.2

Series = list[tuple[str, str, tuple[float, ...]]]  # target, label, numbers


def pictures(figures: list[tuple[str, Figure]]) -> dict[str, str]:
    """PNG files in base64 by title; only of what was measured."""
    wanted: tuple[tuple[str, str, Callable[[Any, Series], None]], ...] = (
        ("throughput", "Mbit/s", _bars),
        ("ping latency", "ms", _lines),
        ("until the tunnel is up", "s", _bars),
    )
    found = {}
    for name, unit, draw in wanted:
        series = [(t, f.label, f.numbers) for t, f in figures if f.unit == unit and f.numbers]
        if series:
            found[name] = _png(name, unit, series, draw)
    return found


def _png(name: str, unit: str, series: Series, draw: Callable[[Any, Series], None]) -> str:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    height = HEIGHT_IN + 0.22 * max(0, len(series) - 6)
    figure, axes = pyplot.subplots(figsize=(WIDTH_IN, height), layout="constrained")
    try:
        draw(axes, series)
        axes.set_xlabel(unit) if draw is _bars else axes.set_ylabel(unit)
        axes.set_title(name)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=DPI)
    finally:
        pyplot.close(figure)
    return base64.b64encode(out.getvalue()).decode()


def _bars(axes: Any, series: Series) -> None:
    """A bar for each value, its number at its end."""
    names = [f"{label} ({target})" if target else label for target, label, _ in series]
    drawn = axes.barh(range(len(series)), [numbers[0] for *_, numbers in series])
    axes.bar_label(drawn, fmt="%.2f", padding=3)
    axes.set_yticks(range(len(series)), names)
    axes.invert_yaxis()
    axes.margins(x=0.15)


def _lines(axes: Any, series: Series) -> None:
    """One point for each ping, in the order of sending."""
    for target, label, numbers in series:
        axes.plot(range(1, len(numbers) + 1), numbers, ".-", label=f"{label} ({target})")
    axes.set_xlabel("ping")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")
