# SPDX-License-Identifier: MIT
"""What a server has to know about a board, and the private file that holds it."""

from __future__ import annotations

import contextlib
import glob
import ipaddress
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wgprov import keys
from wgprov.errors import BoardError, InputError
from wgprov.fields import read_text
from wgprov.wgconf import WgQuick

HEADER = "# written by wgprov: the server's side of "
HIDDEN = "(hidden)"


@dataclass
class ServerPeer:
    """What one server has to know about the board."""

    title: str
    public_key: str
    allowed_ips: list[str]
    preshared: bytearray | None
    preshared_unchanged: bool = False

    def secret_text(self, show: bool) -> str | None:
        """The preshared key in base64, HIDDEN, or None when there is none to tell."""
        if self.preshared is None:
            return None
        return keys.encode(self.preshared) if show else HIDDEN


def load(path: Path) -> ServerPeer:
    """Read back the one [Peer] of a file that wgprov wrote, its preshared key included."""
    grammar = WgQuick(str(path))
    sections = grammar.sections(read_text(path))
    if [section.kind for section in sections] != ["peer"]:
        raise InputError(f"{path}: must hold one [Peer], as wgprov writes it")
    peer = grammar.peer(sections[0])
    title = f"{path.stem.removesuffix('.server-peer')}"
    return ServerPeer(
        title, peer["public_key"], peer["allowed_ips"], grammar.preshared(sections[0])
    )


def host_routes(addresses: list[str]) -> list[str]:
    """The board's addresses as the server routes them: /32 and /128."""
    interfaces = [ipaddress.ip_interface(a) for a in addresses]
    return [f"{i.ip}/{i.max_prefixlen}" for i in interfaces]


def board_routes(config: Any) -> list[str]:
    """host_routes of a configuration that a board reports."""
    try:
        return host_routes([str(address) for address in config["address"]])
    except (KeyError, TypeError, ValueError):
        raise BoardError("the board's configuration makes no sense: update its module") from None


def check_target(path: Path) -> None:
    """Complain before anything is sent: a file of somebody else, or no folder to write to."""
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: cannot write there")
    if path.exists() and not _is_ours(path):
        raise InputError(f"{path}: exists and is not from wgprov: choose another file")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER.encode()
    except OSError:
        return False


def tidy(path: Path) -> None:
    """Take away what killed runs have left of this file. Nobody else may be writing it."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with contextlib.suppress(OSError):
            left.unlink()


class PrivateFile:
    """A 0600 file that appears whole at `keep()`, or never.

    It is written before the board commits, so that a full disk cannot leave a board with a
    preshared key that nobody else knows.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._temporary: str | None = None
        try:
            # mkstemp makes it 0600 from the first moment.
            handle, self._temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self.discard()
            raise InputError(f"{path}: cannot write it: {error.strerror}") from None

    def keep(self) -> None:
        if self._temporary:
            os.replace(self._temporary, self.path)
            self._temporary = None

    def discard(self) -> None:
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)
            self._temporary = None
