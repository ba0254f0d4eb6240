# SPDX-License-Identifier: MIT
from typing import Any

from _wireguard import PresharedKey, PrivateKey

ROOT: str

class Missing(Exception):
    """No such interface (or nothing staged)."""

class Corrupt(Exception):
    """The file is there but is not what was written."""

class Files:
    """The few calls that the store makes of a file system."""

    def open(self, path: str, mode: str) -> Any: ...
    def rename(self, old: str, new: str) -> None: ...
    def remove(self, path: str) -> None: ...
    def mkdir(self, path: str) -> None: ...
    def listdir(self, path: str) -> list[str]: ...
    def size(self, path: str) -> int: ...
    def sync(self, file: Any) -> None: ...
    def settle(self) -> None: ...

FILES: Files

def save(
    config: dict[str, Any],
    private_key: PrivateKey,
    preshared: list[PresharedKey | None],
    root: str = "/wireguard.d",
    files: Files = ...,
) -> None:
    """Put a configuration in force: `preshared` has a key or None for each peer."""

def load(
    name: str, root: str = "/wireguard.d", files: Files = ...
) -> tuple[dict[str, Any], PrivateKey, list[PresharedKey | None]]:
    """(config, private key, preshared keys); Missing or Corrupt."""

def wipe_keys(private_key: PrivateKey, preshared: list[PresharedKey | None]) -> None:
    """Wipe what `load` returned besides the configuration."""

def names(root: str = "/wireguard.d", files: Files = ...) -> list[str]:
    """Sorted names of the interfaces that have a configuration in force."""

def remove(name: str, root: str = "/wireguard.d", files: Files = ...) -> None:
    """Forget the configuration and its keys. The mark stays: it must never go back."""

def stage(
    config: dict[str, Any],
    private_key: PrivateKey,
    preshared: list[PresharedKey | None],
    root: str = "/wireguard.d",
    files: Files = ...,
) -> str:
    """Write it, not in force yet; the token for `commit`."""

def staged(name: str, root: str = "/wireguard.d", files: Files = ...) -> str | None:
    """Token of what is staged, or None."""

def load_staged(
    name: str, root: str = "/wireguard.d", files: Files = ...
) -> tuple[dict[str, Any], PrivateKey, list[PresharedKey | None]]:
    """As `load`, of what is staged."""

def commit(name: str, token: str | None, root: str = "/wireguard.d", files: Files = ...) -> None:
    """Put what was staged under `token` in force. Twice is as good as once; Missing else."""

def exchange(name: str, token: str | None, root: str = "/wireguard.d", files: Files = ...) -> None:
    """As `commit`, but what was in force becomes what is staged."""

def discard(name: str, root: str = "/wireguard.d", files: Files = ...) -> None:
    """Forget what is staged, and its keys."""

class Mark:
    """The high-water mark of one interface's time stamps: survives a reset, never goes back."""

    def __init__(self, name: str, root: str = "/wireguard.d", files: Files = ...) -> None: ...
    def load(self) -> int: ...
    def store(self, value: int) -> None: ...
