# SPDX-License-Identifier: MIT
"""What comes out of a fleet: the server's peers, and labels to stick on the boards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import segno
from fpdf import FPDF

from wgprov import serverpeer
from wgprov.errors import InputError
from wgprov.fleet.database import Row
from wgprov.serverformats import render
from wgprov.serverpeer import HEADER, PrivateFile, ServerPeer, host_routes

# A4, three columns of eight: the sheet of 70 x 36 mm that every shop has.
COLUMNS, LINES = 3, 8
WIDTH_MM, HEIGHT_MM, TOP_MM = 70.0, 36.0, 4.5
QR_MM, MARGIN_MM = 24.0, 4.0
TEXT_MM = WIDTH_MM - QR_MM - 3 * MARGIN_MM
SMALLEST_POINTS = 5


def peers(rows: list[Row], folder: Path, form: str, interface: str) -> str:
    """The boards, for the server, with the preshared keys that are in `folder`."""
    found = [_peer(row, folder) for row in rows]
    return "\n".join(render(peer, form, interface, show_secrets=True) for peer in found)


def _peer(row: Row, folder: Path) -> ServerPeer:
    kept = folder / f"{row.name}.server-peer.conf"
    secret = serverpeer.load(kept).preshared if kept.exists() else None
    return ServerPeer(row.name, row.public_key or "", host_routes([row.address]), secret)


def write_peers(path: Path, text: str) -> None:
    """Mode 0600, whole or not at all; replaces only a file that wgprov wrote."""
    serverpeer.check_target(path)
    PrivateFile(path, f"{HEADER}a fleet\n{text}").keep()


def write_labels(path: Path, rows: list[Row], progress: Callable[[], None]) -> int:
    """A PDF with one label for each board; returns how many."""
    document = FPDF(format="A4", unit="mm")
    document.set_auto_page_break(False)
    document.set_title("wgprov labels")
    for number, row in enumerate(rows):
        place = number % (COLUMNS * LINES)
        if place == 0:
            document.add_page()
        _label(document, row, place % COLUMNS * WIDTH_MM, TOP_MM + place // COLUMNS * HEIGHT_MM)
        progress()
    try:
        document.output(str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot write it: {error.strerror}") from None
    return len(rows)


def _label(document: FPDF, row: Row, left: float, top: float) -> None:
    """A QR code with serial number, address and public key; beside it the words."""
    code = segno.make(f"{row.serial} {row.address} {row.public_key}", error="m", micro=False)
    modules = [list(line) for line in code.matrix]
    size = QR_MM / len(modules)
    for y, line in enumerate(modules):
        for x, dark in enumerate(line):
            if dark:
                at = left + MARGIN_MM + x * size, top + MARGIN_MM + y * size
                document.rect(*at, size, size, style="F")
    key = row.public_key or ""
    lines = [("B", 9, row.name), ("", 8, row.address), ("", 6, row.serial)]
    for i, (style, points, text) in enumerate([*lines, ("", 5, key[:22]), ("", 5, key[22:])]):
        _fitted(document, left + 2 * MARGIN_MM + QR_MM, top + 8 + i * 5, text, style, points)


def _fitted(document: FPDF, x: float, y: float, text: str, style: str, points: float) -> None:
    """A line of text within its label: smaller if it has to be, and then cut."""
    document.set_font("Helvetica", style=style, size=points)
    while document.get_string_width(text) > TEXT_MM:
        if points > SMALLEST_POINTS:
            points -= 0.5
            document.set_font_size(points)
        else:
            text = f"{text[:-3]}.."
    document.text(x, y, text)
