# SPDX-License-Identifier: MIT
"""Numbers and bytes out of what a fuzzer invents, the same with and without the fuzzer."""

from __future__ import annotations


class Source:
    """Zeros when it is used up, which `more` tells."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        self._at += count
        return part.ljust(count, b"\0")

    def number(self, size_bytes: int = 1) -> int:
        return int.from_bytes(self.take(size_bytes), "little")
