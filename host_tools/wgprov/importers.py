# SPDX-License-Identifier: MIT
"""Read the file that somebody has into a checked configuration, whatever program it is for."""

from __future__ import annotations

import re
from pathlib import Path

from wgprov import networkd
from wgprov.errors import InputError, printable
from wgprov.fields import Conf, Section, read_text
from wgprov.grammar import Grammar
from wgprov.networkd import NetDev, Network
from wgprov.nmkeyfile import KeyFile
from wgprov.wgconf import WgQuick

PICTURE_MAX_BYTES = 1 << 24
NAME_PATTERN = re.compile(r"[A-Za-z0-9_=+-][A-Za-z0-9_=+.-]{0,14}")


def load(path: Path, name: str | None = None) -> Conf:
    """Read and check a file. The interface is called `name`, or as the file says, or as the file is
    called, as in wg-quick."""
    text = _from_picture(path) if path.suffix.lower() == ".png" else read_text(path)
    grammar, sections = _sections(path, text)
    return grammar.conf(sections, _name(path, sections, name))


def _sections(path: Path, text: str) -> tuple[Grammar, list[Section]]:
    """Which program's file it is: by its name or, for NetworkManager, by what is in it."""
    if path.suffix == ".netdev":
        netdev = NetDev(str(path))
        found = netdev.sections(text)
        network = networkd.beside(path)
        return netdev, Network(str(network), found).sections(read_text(network))
    if path.suffix == ".network":
        raise InputError(f"{path}: give its .netdev instead, this is read with it")
    keyfile = path.suffix == ".nmconnection" or re.search(r"^\[connection\]", text, re.MULTILINE)
    grammar = KeyFile(str(path)) if keyfile else WgQuick(str(path))
    return grammar, grammar.sections(text)


def _from_picture(path: Path) -> str:
    """The text of the one QR code in a picture, as WireGuard's apps show it."""
    try:
        import zxingcpp
        from PIL import Image
    except ModuleNotFoundError:
        raise InputError(f"{path}: needs more libraries: pip install 'wgprov[qr]'") from None
    try:
        if path.stat().st_size > PICTURE_MAX_BYTES:
            raise InputError(f"{path}: larger than {PICTURE_MAX_BYTES} bytes")
        with Image.open(path, formats=["PNG"]) as picture:
            found = zxingcpp.read_barcodes(picture.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not a PNG"
        raise InputError(f"{path}: cannot read it: {why}") from None
    if len(found) != 1:
        raise InputError(f"{path}: {len(found)} QR codes in it, there must be one")
    return str(found[0].text)


def _name(path: Path, sections: list[Section], name: str | None) -> str:
    inside = [value for s in sections for value in s.values.get("Name", [])]
    if name is not None:
        chosen, source = name, "--name"
    elif inside:
        chosen, source = inside[0].text, inside[0].name
    else:
        chosen, source = path.name.removesuffix(".conf").removesuffix(".png"), "the file name"
    if not NAME_PATTERN.fullmatch(chosen):
        raise InputError(
            f"{path}: {source} gives the interface name {printable(chosen)!r}: "
            "use --name with 1 to 15 of A-Z a-z 0-9 _ = + . -"
        )
    return chosen
