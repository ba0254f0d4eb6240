# SPDX-License-Identifier: MIT
"""What a point of the demo shows, and how it says that the point does not hold."""

from __future__ import annotations

from dataclasses import dataclass


class PointFailed(Exception):
    """A point of the demo does not hold; the text says which figure is wrong."""


@dataclass(frozen=True)
class Figure:
    """What a person reads; and for a plot the numbers in it, all of the same unit."""

    label: str
    value: str
    unit: str = ""
    numbers: tuple[float, ...] = ()


def require(holds: bool, text: str) -> None:
    if not holds:
        raise PointFailed(text)


def milliseconds(values: list[float]) -> str:
    """The middle and the greatest of some round-trip times."""
    if not values:
        return "-"
    return f"median {sorted(values)[len(values) // 2]:.1f} ms, max {max(values):.1f} ms"


def rate(size_bytes: int, seconds: float) -> str:
    return f"{mbit_s(size_bytes, seconds):.2f} Mbit/s"


def mbit_s(size_bytes: int, seconds: float) -> float:
    return size_bytes * 8 / seconds / 1e6


def kib(size_bytes: int) -> str:
    return f"{size_bytes / 1024:.1f} KiB"
