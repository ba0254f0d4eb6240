# SPDX-License-Identifier: MIT
"""Hand a peer to a WireGuard on this computer: by its UAPI socket, or by `wg` for the kernel's.

The socket's protocol is WireGuard's cross-platform interface (wireguard.com/xplatform): lines of
`key=value`, keys in hex, ended by an empty line; the answer is `errno=0` or another number.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from wgprov import keys, platforms
from wgprov.errors import InputError, PortError, printable
from wgprov.serverpeer import ServerPeer

FOLDERS = platforms.socket_folders()
TIMEOUT_S = 5.0
REPLY_MAX_BYTES = 4096


def apply(peer: ServerPeer, interface: str, path: Path | None = None) -> str:
    """Add or update the peer of `interface`; returns how. Its other peers stay as they are."""
    found = path or _socket_of(interface)
    if found:
        _by_socket(peer, found)
        return f"socket {found}"
    if not shutil.which("wg"):
        raise InputError(
            f"--apply {interface}: no socket of a WireGuard of that name, and no `wg` command: "
            "install wireguard-tools, or use --format"
        )
    _by_wg(peer, interface)
    return "wg"


def _socket_of(interface: str) -> Path | None:
    if "/" in interface:
        raise InputError(f"--apply {printable(interface)}: not the name of an interface")
    for folder in FOLDERS:
        if (folder / f"{interface}.sock").exists():
            return folder / f"{interface}.sock"
    return None


def _by_socket(peer: ServerPeer, path: Path) -> None:
    lines = ["set=1", f"public_key={keys.decode(peer.public_key).hex()}"]
    if peer.preshared is not None:
        lines.append(f"preshared_key={peer.preshared.hex()}")
    lines += ["replace_allowed_ips=true", *(f"allowed_ip={ip}" for ip in peer.allowed_ips)]
    reply = _exchange(path, "\n".join(lines) + "\n\n")
    if reply.strip() != "errno=0":
        raise PortError(f"{path}: WireGuard refuses the peer ({printable(reply.strip(), 40)})")


def _exchange(path: Path, request: str) -> str:
    reply = b""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(os.fspath(path))
            connection.sendall(request.encode())
            while b"\n\n" not in reply and len(reply) < REPLY_MAX_BYTES:
                part = connection.recv(REPLY_MAX_BYTES)
                if not part:
                    break
                reply += part
    except OSError as error:
        raise PortError(f"{path}: cannot talk to WireGuard: {error.strerror or error}") from None
    return reply.decode("ascii", "replace")


def _by_wg(peer: ServerPeer, interface: str) -> None:
    """The preshared key goes through a pipe: never on the command line, never in a file."""
    command = ["wg", "set", interface, "peer", peer.public_key]
    if peer.preshared is not None:
        command += ["preshared-key", "/dev/stdin"]
    command += ["allowed-ips", ",".join(peer.allowed_ips)]
    secret = keys.encode(peer.preshared) + "\n" if peer.preshared is not None else ""
    try:
        done = subprocess.run(
            command, input=secret, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PortError(f"wg set {interface}: {printable(error)}") from None
    if done.returncode:
        raise PortError(f"wg set {interface}: {printable(done.stderr.strip()) or 'failed'}")
