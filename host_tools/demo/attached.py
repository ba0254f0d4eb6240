# SPDX-License-Identifier: MIT
"""A board at a port of this computer: a real one, or whatever speaks as one behind a URL.

Nothing of it is started or ended here. Its firmware is what it has; its network is its own, or is
brought up by a main.py that is copied to it.
"""

from __future__ import annotations

import contextlib
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import serial
from demo import board_script
from demo.rig import INTERFACE, Rig, WgprovError
from peer.driver import PeerError

from wgprov import transport
from wgprov.errors import PortError
from wgprov.targets.serialboard import KNOCK_INTERVAL_S, PROMPT

PROMPT_TIMEOUT_S = 20.0  # a USB port takes seconds to come back after a reset


class AttachedBoard:
    """name: as wgprov's --port: id:SERIAL, a device, a URL. The device may be another after a
    reset."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> AttachedBoard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def port(self) -> str:
        """The device; PortError when the board is not plugged in."""
        return transport.resolve(self.name)

    def wait_prompt(self, timeout: float = PROMPT_TIMEOUT_S) -> None:
        """Wait for the REPL's prompt, knocking with Return and Ctrl-B: a Ctrl-C would end a main.py
        that brings the network up."""
        deadline = time.monotonic() + timeout
        problem = "no prompt"
        while time.monotonic() < deadline:
            try:
                if self._knock(deadline):
                    return
            except (PortError, OSError) as error:  # it is away while it resets
                problem = str(error)
                time.sleep(KNOCK_INTERVAL_S)
        raise PortError(f"{self.name}: no prompt within {timeout:g} s: {problem}")

    def _knock(self, deadline: float) -> bool:
        seen = b""
        with serial.serial_for_url(
            self.port, baudrate=transport.BAUD, timeout=KNOCK_INTERVAL_S
        ) as line:
            while time.monotonic() < deadline:
                line.write(b"\r\x02")
                seen = (seen + line.read(4096))[-4096:]
                if seen.endswith(PROMPT):
                    return True
        return False


class AttachedRig(Rig):
    """As Rig. uplink: the main.py that brings the board onto its network, if it needs one.
    replace: an interface of the same name that the board has may be destroyed."""

    transfer_bytes = 256 * 1024
    datagrams = 500
    datagram_pace = 100
    has_clock = True  # it may: by NTP, or a battery
    board: AttachedBoard

    def __init__(
        self,
        name: str,
        folder: Path,
        port: str,
        *,
        uplink: Path | None = None,
        replace: bool = False,
        patience: float = 1.0,
        **options: Any,
    ) -> None:
        """options: host, listen and server_port of Rig."""
        self._port = port
        self._uplink = uplink
        self._replace = replace
        super().__init__(name, folder, elf=folder / "none", **options)
        self.patience = patience

    def _new_board(self, _stack: ExitStack) -> AttachedBoard:
        return AttachedBoard(self._port)

    def __exit__(self, *error: object) -> None:
        """The board keeps nothing of ours but an uplink's main.py."""
        if self.board_key:
            with contextlib.suppress(WgprovError, PortError, PeerError):
                self.remove()
        super().__exit__(*error)

    def boot(self) -> float:
        started = time.monotonic()
        self.board.wait_prompt(PROMPT_TIMEOUT_S * self.patience)
        names = [i["name"] for i in json.loads(self.wgprov("show", "--json"))["interfaces"]]
        if INTERFACE in names:
            if not self._replace:
                raise WgprovError(
                    f"{self.env}: has an interface {INTERFACE} already, which would be destroyed: "
                    f"`wgprov remove {INTERFACE}`, or allow it (--replace; replace = true)"
                )
            self.remove()
        return time.monotonic() - started

    def join(self) -> None:
        if self._uplink is None:
            return
        board_script.write_file(self.board.port, "main.py", self._uplink.read_bytes())
        self.known_at = time.time()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self.board.wait_prompt(PROMPT_TIMEOUT_S * self.patience)

    def files(self) -> dict[str, Path]:
        return {"server's log": self.server_log, "second server's log": self.second_log}
