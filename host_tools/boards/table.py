# SPDX-License-Identifier: MIT
"""What there is to build: one row a board."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Board:
    """One firmware. `sources` are sections or groups of firmware/sources.lock beyond the common
    ones; `packages` are keys of host_tools.bootstrap.system.BOARD_PACKAGES."""

    env: str
    folder: str
    port: str
    sources: tuple[str, ...]
    packages: tuple[str, ...]
    settings: tuple[str, ...] = field(default=())
    uf2_family: int = 0
    flash_base: int = 0x10000000


# "Family IDs" of the boot ROMs: RP2040 data sheet 2.8.4.2, RP2350 data sheet 5.5.3.
RP2040_FAMILY = 0xE48BFF56

CMAKE = ("cmake", "ninja-build", "libstdc++-arm-none-eabi-newlib")

BOARDS = (
    Board("rpi_pico", "RPI_PICO", "rp2", ("rp2",), CMAKE, uf2_family=RP2040_FAMILY),
)


def find(env: str) -> Board | None:
    """The row of this environment id."""
    return next((board for board in BOARDS if board.env == env), None)
