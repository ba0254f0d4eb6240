# SPDX-License-Identifier: MIT
"""keygen, rotate, selftest, status and monitor on an emulated board, with a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.rig import chosen_env
from peer.driver import Peer, PeerConfig

from wgprov import cli, serverpeer, transport
from wgprov.targets.qemu import QemuBoard

BOARD, SERVER = "10.7.0.2", "10.7.0.1"


@pytest.fixture
def pair(
    elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[QemuBoard, Peer]]:
    monkeypatch.chdir(tmp_path)
    with (
        Peer([SERVER], log=tmp_path / "server.log") as server,
        QemuBoard(chosen_env(), elf, tmp_path / "flash.bin") as board,
    ):
        board.wait_prompt()
        Path("wg0.conf").write_text(
            f"[Interface]\nAddress = {BOARD}/24\n[Peer]\nPublicKey = {server.public_key}\n"
            f"AllowedIPs = 10.7.0.0/24\nEndpoint = 10.0.2.2:{server.port}\n"
            "PersistentKeepalive = 5\n"
        )
        yield board, server


def wgprov(
    capfd: pytest.CaptureFixture[str], board: QemuBoard, *arguments: str, status: int = 0
) -> dict:
    """Run a command with --json; returns its answer."""
    capfd.readouterr()
    assert cli.run([*arguments, "--json", "-p", board.port]) == status
    return json.loads(capfd.readouterr().out)


def accept(server: Peer, public_key: str, psk: str | None = None) -> None:
    server.add_peer(PeerConfig(public_key, [f"{BOARD}/32"], psk))


def test_keygen_announces_the_key_that_provision_uses(
    pair: tuple[QemuBoard, Peer], capfd: pytest.CaptureFixture[str]
) -> None:
    board, _ = pair
    made = wgprov(capfd, board, "keygen", "wg0", "--address", f"{BOARD}/24")
    again = wgprov(capfd, board, "keygen", "wg0", "--address", f"{BOARD}/24")
    assert made["key"] == "made" and again == made | {"key": "kept"}
    assert made["allowed_ips"] == [f"{BOARD}/32"]
    assert wgprov(capfd, board, "show")["interfaces"] == []
    provisioned = wgprov(capfd, board, "provision", "wg0.conf")
    assert (provisioned["public_key"], provisioned["key"]) == (made["public_key"], "kept")

    staged = wgprov(capfd, board, "rotate")["public_key"]
    in_force = wgprov(capfd, board, "keygen", "wg0", "--address", f"{BOARD}/24")
    assert (in_force["public_key"], in_force["key"]) == (made["public_key"], "kept")
    with transport.connect(board.port) as session:
        waiting = session.request("staged", name="wg0")
    assert waiting["public_key"] == staged, "what rotate left is still there"


def test_rotate_and_switch(pair: tuple[QemuBoard, Peer], capfd: pytest.CaptureFixture[str]) -> None:
    """The old key serves until the switch, a server that does not follow costs nothing, and the
    preshared key stays."""
    board, server = pair
    old = wgprov(capfd, board, "provision", "--psk", "generate", "wg0.conf")["public_key"]
    psk = serverpeer.load(Path("wg0.server-peer.conf")).secret_text(True)
    accept(server, old, psk)
    server.wait_handshake(old, 0, timeout_s=20)

    staged = wgprov(capfd, board, "rotate")
    assert staged["state"] == "staged" and staged["public_key"] != old
    assert server.ping(BOARD).received == 10, "the old key serves"

    # The server has not been told: the board comes back to the old key.
    back = wgprov(capfd, board, "rotate", "--switch", "--wait", "7", status=3)
    assert (back["state"], back["public_key"]) == ("back", old)
    assert server.ping(BOARD, timeout_ms=20000).received > 0

    server.remove_peer(old)
    accept(server, staged["public_key"], psk)
    switched = wgprov(capfd, board, "rotate", "--switch")
    assert (switched["state"], switched["public_key"]) == ("switched", staged["public_key"])
    assert server.ping(BOARD).received == 10
    [shown] = wgprov(capfd, board, "show")["interfaces"]
    assert shown["public_key"] == staged["public_key"] and shown["peers"][0]["preshared"]

    capfd.readouterr()
    assert cli.run(["rotate", "--switch", "-p", board.port]) == 4
    assert "nothing staged" in capfd.readouterr().err


def test_selftest(pair: tuple[QemuBoard, Peer], capfd: pytest.CaptureFixture[str]) -> None:
    found = wgprov(capfd, pair[0], "selftest")
    assert {"x25519", "blake2s"} <= set(found)
    assert {entry["result"] for entry in found.values()} == {"passed"}


def test_status_dump_and_monitor(
    pair: tuple[QemuBoard, Peer], capfd: pytest.CaptureFixture[str]
) -> None:
    board, server = pair
    public_key = wgprov(capfd, board, "provision", "--psk", "generate", "wg0.conf")["public_key"]
    down = wgprov(capfd, board, "status", status=4)
    assert not down["wg0"]["up"] and down["wg0"]["status"].startswith("down: ")
    accept(server, public_key, serverpeer.load(Path("wg0.server-peer.conf")).secret_text(True))
    server.wait_handshake(public_key, 0, timeout_s=20)
    assert server.ping(BOARD).received == 10
    assert wgprov(capfd, board, "status")["wg0"]["status"].startswith("up: latest handshake")

    assert cli.run(["show", "--dump", "-p", board.port]) == 0
    interface, peer = (line.split("\t") for line in capfd.readouterr().out.splitlines())
    assert interface[:3] == ["wg0", "(hidden)", public_key] and len(interface) == 5
    assert peer[1:5] == [server.public_key, "(hidden)", f"10.0.2.2:{server.port}", "10.7.0.0/24"]
    assert abs(int(peer[5]) - time.time()) < 60 and int(peer[6]) > 0 and peer[8] == "5"

    arguments = ["monitor", "--count", "4", "--interval", "0.5", "--plot", "wg0.png"]
    found = wgprov(capfd, board, *arguments)["samples"]
    assert len(found) == 4 and all(sample["up"] for sample in found)
    assert found[-1]["rx_bytes"] >= found[0]["rx_bytes"] > 0
    assert Path("wg0.png").read_bytes().startswith(b"\x89PNG")
