# SPDX-License-Identifier: MIT
"""What there is to build: one row a board."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    """One firmware. `sources` are sections or groups of firmware/sources.lock beyond the common
    ones; `packages` are keys of host_tools.bootstrap.system.BOARD_PACKAGES; `uf2_family` says whose
    the UF2 is (0: there is none); `variant` is the board folder's, by cmake."""

    env: str
    folder: str
    port: str
    sources: tuple[str, ...]
    packages: tuple[str, ...] = ()
    uf2_family: int = 0
    variant: str = ""


# What the boot ROMs call them: RP2040 data sheet, "UF2 format details"; RP2350 data sheet, "UF2
# targeting rules".
RP2040 = 0xE48BFF56
RP2350_ARM = 0xE48BFF59
RP2350_RISCV = 0xE48BFF5A

CMAKE = ("cmake", "ninja-build", "libstdc++-arm-none-eabi-dev")
RISCV = (*CMAKE[:2], "gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf")
WIFI = (*CMAKE, "g++")  # pico-sdk makes its assembler for the radio's bus

BOARDS = (
    Board("rpi_pico", "RPI_PICO", "rp2", ("rp2",), CMAKE, RP2040),
    Board("rpi_pico_w", "RPI_PICO_W", "rp2", ("rp2", "wifi"), WIFI, RP2040),
    Board("rpi_pico2", "RPI_PICO2", "rp2", ("rp2",), CMAKE, RP2350_ARM),
    Board("rpi_pico2_riscv", "RPI_PICO2", "rp2", ("rp2",), RISCV, RP2350_RISCV, "RISCV"),
    Board("rpi_pico2_w", "RPI_PICO2_W", "rp2", ("rp2", "wifi"), WIFI, RP2350_ARM),
    Board("w5500_evb_pico", "W5500_EVB_PICO", "rp2", ("rp2", "wiznet"), CMAKE, RP2040),
    Board("nucleo_f767zi", "NUCLEO_F767ZI", "stm32", ("mbedtls", "stm32")),
)


def find(env: str) -> Board | None:
    """The row of this environment id."""
    return next((board for board in BOARDS if board.env == env), None)
