# SPDX-License-Identifier: MIT
"""Two servers, a board and its tunnels to them: what demo, tests/hil and `wgprov hil` work on.

Two, because the protocol needs 15 s to notice that a server has forgotten its sessions: the second
one restarts while the first is in use. It also puts two peers and a longer prefix on the board.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo import board_script
from peer.driver import Peer, PeerConfig

from wgprov.targets.qemu import QemuBoard
from wgprov.targets.rp2040 import Rp2040Board

if TYPE_CHECKING:
    from demo.attached import AttachedBoard

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
WGPROV = Path(sys.executable).with_name("wgprov")

HOST = "10.0.2.2"  # the host as QEMU's user network shows it to the board
SERVER_ADDRESS = "10.7.0.1"
BOARD_ADDRESS = "10.7.0.2"
SECOND_ADDRESS = "10.7.0.3"
NETWORK = "10.7.0.0/24"
SECOND_NETWORK = f"{SECOND_ADDRESS}/32"
KEEPALIVE_S = 25
INTERFACE = "wg0"

DEFAULT_ENV = "qemu_an386"

WGPROV_TIMEOUT_S = 60.0
HANDSHAKE_TIMEOUT_S = 15.0


class WgprovError(Exception):
    """wgprov ended with another status than 0; the text is what it said."""


def chosen_env() -> str:
    """The board that the variable ENV asks for."""
    return os.environ.get("ENV") or DEFAULT_ENV


def firmware(env: str) -> Path:
    return CACHE / "build" / "firmware" / env / "firmware.elf"


class Rig:
    """Starts the servers and makes the board ready to boot in `folder`; a context manager.

    The flash file is made blank, so each run begins with a board that has never been provisioned.
    """

    patience = 1.0  # how many times longer than QEMU's boards this one may take
    transfer_bytes = 1 << 20
    datagrams = 5000
    datagram_pace = 2500  # per second: 28 Mbit/s
    has_clock = False  # does it know the time when it has booted?

    def __init__(
        self,
        env: str,
        folder: Path,
        *,
        elf: Path | None = None,
        extra: str = "",
        host: str = HOST,
        listen: str = "",
        server_port: int = 0,
        **board: Any,
    ) -> None:
        """extra: more lines for [Interface].  host: this computer's address as the board sees it.
        listen, server_port: where the servers listen (default: loopback, any port; the second
        server takes the next port).  board: more options of QemuBoard."""
        self.env = env
        self.folder = folder
        self.elf = elf or firmware(env)
        self.capture = folder / "tunnel.pcap"
        self.server_log = folder / "server.log"
        self.second_log = folder / "second-server.log"
        self.flash = folder / "flash.img"
        self.conf = folder / f"{INTERFACE}.conf"
        self.peer_files = [folder / f"{INTERFACE}.server-peer-{i}.conf" for i in (1, 2)]
        self.host = host
        ports = (server_port, server_port and server_port + 1)
        self.server = Peer([SERVER_ADDRESS], log=self.server_log, port=ports[0], listen=listen)
        self.second = Peer([SECOND_ADDRESS], log=self.second_log, port=ports[1], listen=listen)
        self.extra = extra
        self.board_key = ""
        self.known_at = 0.0  # Unix time from which the servers knew the board
        self.restarted_at = 0.0  # Unix time of the second server's restart
        self._board_options = {"pcap": self.capture, **board}
        self._stack = ExitStack()
        self.board: QemuBoard | Rp2040Board | AttachedBoard

    def __enter__(self) -> Rig:
        self.folder.mkdir(parents=True, exist_ok=True)
        logs = [self.server_log, self.second_log]
        for old in [self.capture, self.flash, self.conf, *self.peer_files, *logs]:
            old.unlink(missing_ok=True)
        with ExitStack() as stack:
            stack.enter_context(self.server)
            stack.enter_context(self.second)
            self.board = self._new_board(stack)
            self._stack = stack.pop_all()
        return self

    def _new_board(self, _stack: ExitStack) -> QemuBoard | Rp2040Board | AttachedBoard:
        """The board, switched off. What it needs around it is entered into the stack."""
        return QemuBoard(self.env, self.elf, self.flash, **self._board_options)

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def boot(self) -> float:
        """Switch the board on; seconds until it has a prompt."""
        started = time.monotonic()
        self._stack.enter_context(self.board)
        self.board.wait_prompt()  # a Ctrl-C before it would stop the start-up
        return time.monotonic() - started

    def join(self) -> None:
        """Bring the provisioned board onto its network, where it does not get there by itself."""

    def let_pass(self, seconds: float) -> None:
        """Let that much time pass for the board."""
        time.sleep(seconds)

    def before_transfer(self) -> None:
        """What a transfer needs on a board whose clock does not keep pace with the servers'."""

    def files(self) -> dict[str, Path]:
        """What stays for a person to look at."""
        return {
            "capture of the board's wire": self.capture,
            "server's log": self.server_log,
            "second server's log": self.second_log,
            "configuration": self.conf,
        }

    # Board

    def script(self, name: str, call: str) -> board_script.BoardScript:
        return board_script.BoardScript(self.board.port, name, call)

    def run(self, name: str, call: str, timeout_s: float = 30.0) -> Any:
        """The result of `call` in tests/device/<name>.py on the board."""
        return board_script.run(self.board.port, name, call, timeout_s * self.patience)

    def reset(self) -> None:
        board_script.reset(self.board.port)

    def show(self) -> dict[str, Any]:
        """What the board's own WireGuard(...).show() says."""
        state = self.run("tunnel_state", f"state({INTERFACE!r})")
        return dict(state["show"] or {})

    # Provisioning

    def write_conf(self) -> Path:
        """The file a person would write for this board."""
        self.conf.write_text(
            f"""\
[Interface]
Address = {BOARD_ADDRESS}/24
{self.extra}
[Peer]
PublicKey = {self.server.public_key}
Endpoint = {self.host}:{self.server.port}
AllowedIPs = {NETWORK}
PersistentKeepalive = {KEEPALIVE_S}

[Peer]
PublicKey = {self.second.public_key}
Endpoint = {self.host}:{self.second.port}
AllowedIPs = {SECOND_NETWORK}
PersistentKeepalive = {KEEPALIVE_S}
"""
        )
        return self.conf

    def wgprov(self, *arguments: str) -> str:
        """Standard output of wgprov on this board's port."""
        command = [str(WGPROV), arguments[0], "-p", self.board.port, *arguments[1:]]
        done = subprocess.run(
            command,
            env={**os.environ, "WGPROV_PATIENCE": str(self.patience)},
            capture_output=True,
            text=True,
            timeout=WGPROV_TIMEOUT_S * self.patience,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise WgprovError(f"wgprov {arguments[0]} (status {done.returncode}): {said}")
        return done.stdout

    def provision(self) -> str:
        """Provision the board and hand its [Peer] blocks to the servers; return what was printed.

        wgprov hides the preshared keys in what it prints; the files that it leaves have them.
        """
        out = self.folder / f"{INTERFACE}.server-peer.conf"
        options = ("--psk", "generate", "--server-peer-out", str(out))
        printed = self.wgprov("provision", *options, str(self.write_conf()))
        for server, file in zip((self.server, self.second), self.peer_files, strict=True):
            peer = peer_block(file.read_text())
            server.add_peer(peer)
            self.board_key = peer.public_key
        # The board's first handshakes came before the servers knew it, and it may not repeat them
        # for 5 s (paper §6.1). A program that starts the interface again need not wait.
        self.known_at = time.time()
        self.run("tunnel_state", f"again({INTERFACE!r})")
        return printed

    def remove(self) -> None:
        """Take the tunnel away from the board; the servers forget it too."""
        self.wgprov("remove", "--yes", INTERFACE)
        for server in (self.server, self.second) if self.board_key else ():
            server.remove_peer(self.board_key)
        self.board_key = ""

    def wait_handshake(self, after: float, timeout_s: float = HANDSHAKE_TIMEOUT_S) -> float:
        """Wait for a handshake later than the Unix time `after`; return its seconds after that."""
        return self._wait(self.server, after, timeout_s)

    def wait_second(self, after: float, timeout_s: float = HANDSHAKE_TIMEOUT_S) -> float:
        """The same with the second server."""
        return self._wait(self.second, after, timeout_s)

    def _wait(self, server: Peer, after: float, timeout_s: float) -> float:
        stats = server.wait_handshake(self.board_key, after, timeout_s * self.patience)
        return stats.last_handshake - after

    def key_age_s(self) -> float:
        """How old the board takes its handshake with the first server to be."""
        peers = {peer["public_key"]: peer for peer in self.show()["peers"]}
        return float(peers[self.server.public_key]["latest_handshake_s"])

    @property
    def ports(self) -> set[int]:
        """The servers' ports on the board's wire."""
        return {self.server.port, self.second.port}


def peer_block(printed: str) -> PeerConfig:
    """A [Peer] block, read as any server would read it."""
    start = printed.find("[Peer]")
    if start < 0:
        raise WgprovError("wgprov gave no [Peer] block")
    values = dict(assignments(printed[start:]))
    return PeerConfig(
        public_key=values["PublicKey"],
        allowed_ips=[item.strip() for item in values["AllowedIPs"].split(",")],
        preshared_key=values.get("PresharedKey"),
    )


def assignments(text: str) -> list[tuple[str, str]]:
    pairs = []
    for line in text.splitlines():
        name, equals, value = line.partition(" = ")
        if equals:
            pairs.append((name.strip(), value.strip()))
    return pairs
