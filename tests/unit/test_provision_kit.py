# SPDX-License-Identifier: MIT
"""Helpers of the provisioning tests: the real agent in its own process behind a real pty."""

from __future__ import annotations

import base64
import contextlib
import os
import pty
import select
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import serial

import wireguard.store as store
from wgprov.session import Session
from wgprov.transport import SerialWire

ROOT = Path(__file__).resolve().parents[2]
SERVER_KEY = base64.b64encode(bytes(range(1, 33))).decode()
OTHER_KEY = base64.b64encode(bytes(range(2, 34))).decode()
SERVE = """
import os, sys
from wireguard import agent
stream = os.fdopen(int(sys.argv[1]), "r+b", buffering=0)
getattr(agent, sys.argv[3])(stream, stream, root=sys.argv[2])
"""


def conf_text(address: str = "10.7.0.2/24", extra: str = "", peer_extra: str = "") -> str:
    return (
        f"[Interface]\nAddress = {address}\n{extra}\n[Peer]\nPublicKey = {SERVER_KEY}\n"
        f"AllowedIPs = 10.7.0.0/24\nEndpoint = vpn.example:51820\n{peer_extra}\n"
    )


def board_config(name: str = "wg0", address: str = "10.7.0.2/24", peers: int = 1) -> dict:
    return {
        "v": 1,
        "name": name,
        "address": [address],
        "listen_port": 0,
        "mtu": 1420,
        "dns": [],
        "autostart": True,
        "peers": [
            {
                "public_key": base64.b64encode(bytes([i + 1] * 32)).decode(),
                "endpoint": "192.0.2.1:51820",
                "allowed_ips": [f"10.{i + 7}.0.0/24"],
                "persistent_keepalive": 25,
            }
            for i in range(peers)
        ],
    }


def secret_bytes(key) -> bytes | None:
    """The bytes behind a key handle."""
    if key is None:
        return None
    out = bytearray(32)
    key.export_into(out)
    return bytes(out)


def stored(root: Path, name: str = "wg0"):
    """(config, private key bytes, preshared key bytes) in force, or None."""
    try:
        config, private_key, preshared = store.load(name, str(root))
    except store.Missing:
        return None
    return config, secret_bytes(private_key), [secret_bytes(key) for key in preshared]


def spellings(secret: bytes) -> list[bytes]:
    """How a secret could look in output."""
    return [
        secret,
        base64.b64encode(secret)[:40],
        base64.urlsafe_b64encode(secret)[:40],
        secret.hex().encode(),
        secret.hex().upper().encode(),
        repr(secret)[2:-1].encode(),
    ]


class Tap:
    """Copies bytes between the host's pty and the agent's, keeps them, and can cut the cable.

    `cut_after` counts whole lines in both directions; with `half` the next line gets half through.
    """

    def __init__(self, cut_after: int | None = None, half: bool = False) -> None:
        self.host_master, host_slave = pty.openpty()
        self.board_master, board_slave = pty.openpty()
        for fd in (host_slave, board_slave):
            tty.setraw(fd)
        self.host_port = os.ttyname(host_slave)
        self.board_slave = board_slave
        self._slaves = [host_slave, board_slave]
        self.to_board = bytearray()
        self.to_host = bytearray()
        self.lines: list[tuple[str, bytes]] = []
        self.cut = threading.Event()
        self.alter = bytes  # what the cable does to a line
        self._cut_after = cut_after
        self._half = half
        self._stop_r, self._stop_w = os.pipe()
        self._thread = threading.Thread(target=self._copy, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        os.write(self._stop_w, b"x")
        self._thread.join(10)
        for fd in [*self._slaves, self._stop_r, self._stop_w]:
            os.close(fd)

    def _copy(self) -> None:
        partial = {self.host_master: b"", self.board_master: b""}
        try:
            while not self.cut.is_set():
                ready, _, _ = select.select([*partial, self._stop_r], [], [], 30)
                if self._stop_r in ready or not ready:
                    return
                for fd in ready:
                    data = os.read(fd, 4096)
                    partial[fd] = self._forward(fd, partial[fd] + data)
        except OSError:
            pass  # an end was closed
        finally:
            self.cut.set()
            os.close(self.host_master)
            os.close(self.board_master)

    def _forward(self, source: int, data: bytes) -> bytes:
        """Pass whole lines on; returns what is not a whole line yet."""
        from_host = source == self.host_master
        target = self.board_master if from_host else self.host_master
        kept = self.to_board if from_host else self.to_host
        while b"\n" in data and not self.cut.is_set():
            line, _, data = data.partition(b"\n")
            line += b"\n"
            if self._cut_after is not None and len(self.lines) >= self._cut_after:
                if self._half:
                    os.write(target, line[: len(line) // 2])
                self.cut.set()
                break
            line = self.alter(line)
            self.lines.append(("host" if from_host else "board", line))
            kept += line
            os.write(target, line)
        return data


@contextlib.contextmanager
def serving(
    root: Path, tap: Tap | None = None, framed: bool = False, setup: str = ""
) -> Iterator[tuple[Session, Tap]]:
    """A session with the real agent serving in another process on `root`, which runs the code
    `setup` before."""
    tap = tap or Tap()
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT / "mpy"), str(ROOT / "firmware" / "binding" / "cpython")]
    )
    command = [sys.executable, "-c", setup + SERVE]
    process = subprocess.Popen(
        [*command, str(tap.board_slave), str(root), "listen" if framed else "serve"],
        pass_fds=[tap.board_slave],
        env=environment,
        stderr=subprocess.PIPE,
    )
    port = serial.Serial(tap.host_port, timeout=0.1, exclusive=True)
    try:
        tap.start()
        yield Session(SerialWire(tap.host_port, port), framed), tap
    finally:
        port.close()
        tap.close()
        errors = process.communicate(timeout=20)[1]
    assert errors == b"", errors.decode()
    assert process.returncode == 0


def tapped_agent(
    root: Path, cut_after: int | None = None, half: bool = False, framed: bool = False
) -> contextlib.AbstractContextManager[tuple[Session, Tap]]:
    """The same, with a cable that is cut."""
    return serving(root, Tap(cut_after, half), framed)
