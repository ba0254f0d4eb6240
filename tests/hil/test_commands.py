# SPDX-License-Identifier: MIT
"""Every command of wgprov on one emulated board with a real server: each answers a person in plain
text and a script in one JSON document, and no secret is in anything that any of them says."""

from __future__ import annotations

import json
import os
import shlex
import stat
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
from demo.rig import chosen_env
from peer.driver import Peer, PeerConfig

from tests.unit.test_flash import RP2040, blocks, make_drive, take
from tests.unit.test_provision_kit import spellings
from wgprov import cli, serverpeer, transport, uapi
from wgprov.commands import bench, provision
from wgprov.targets.qemu import QemuBoard

BOARD, SERVER = "10.7.0.2", "10.7.0.1"
PSK_FILE = "wg0.server-peer.conf"

# What a script may count on: the keys of each command's document.
DOCUMENTS = {
    "backup": {"config", "public_key", "preshared"},
    "bench": {"board", "note", "handshake", "tunnel", "crypto"},
    "doctor": {"findings"},
    "flash": {"file", "chip", "sha256", "erases"},
    "fleet labels": {"file", "boards"},
    "fleet list": {"boards"},
    "fleet peers": {"file", "boards"},
    "fleet provision": {"provisioned", "failed", "waiting"},
    "keygen": {"name", "public_key", "key", "allowed_ips"},
    "logs": {"entries"},
    "monitor": {"samples"},
    "peer": {"public_key", "allowed_ips", "applied", "file", "format", "text"},
    "ports": {"ports"},
    "provision": {
        *("name", "board", "uid", "public_key", "key", "entropy", "tunnel", "peers", "warnings"),
    },
    "remove": {"name", "tunnel"},
    "rotate": {"name", "state", "public_key", "allowed_ips"},
    "show": {"interfaces"},
    "status": {"wg0"},
}


@dataclass
class Said:
    """Everything that was said and by which command, and the secrets that must not be in it."""

    board: QemuBoard
    capfd: pytest.CaptureFixture[str]
    documents: dict[str, dict] = field(default_factory=dict)
    text: str = ""
    secrets: list[bytes] = field(default_factory=list)

    def run(self, *arguments: str, status: int = 0, port: bool = True) -> str:
        """Run a command for a person; returns its standard output."""
        where = ["-p", self.board.port] if port else []
        self.capfd.readouterr()
        got = cli.run([*arguments, *where])
        out, err = self.capfd.readouterr()
        self.text += out + err
        assert got == status, (arguments, err)
        assert "\x1b" not in out + err, "a pipe gets plain text"
        lines = [line for line in err.splitlines() if not line.startswith("wgprov: note: ")]
        assert len(lines) == (1 if status else 0), err
        return out

    def json(self, *arguments: str, status: int = 0, port: bool = True) -> dict:
        """The same for a script: exactly one JSON document."""
        found = json.loads(self.run(*arguments, "--json", status=status, port=port))
        name = " ".join(arguments[: 2 if arguments[0] == "fleet" else 1])
        assert isinstance(found, dict) and set(found) <= DOCUMENTS.get(name, set(found)), found
        self.documents[name] = found
        return found

    def keep_secrets(self) -> None:
        """The preshared key in the server's file, and the board's private key, from its flash."""
        psk = serverpeer.load(Path(PSK_FILE)).preshared
        code = "import wireguard.store as s\n_, k, _ = s.load('wg0')\nb = bytearray(32)\n"
        with transport._raw_repl(self.board.port) as repl:
            out, _ = repl.exec_raw(code + "k.export_into(b)\nk.wipe()\nprint(b.hex())", timeout=10)
        self.secrets += [bytes(psk), bytes.fromhex(out.decode().strip())]


@pytest.fixture
def said(
    elf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Said]:
    monkeypatch.chdir(tmp_path)
    with QemuBoard(chosen_env(), elf, tmp_path / "flash.bin") as board:
        board.wait_prompt()
        yield Said(board, capfd)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Peer]:
    with Peer([SERVER], log=tmp_path / "server.log") as running:
        running.request("uapi_listen", path=str(tmp_path / "wg5.sock"))
        yield running


def every_command(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from every_command(found, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", found


def test_every_command(said: Said, server: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGPROV_DEBUG", "1")
    Path("wg0.conf").write_text(
        f"[Interface]\nAddress = {BOARD}/24\n[Peer]\nPublicKey = {server.public_key}\n"
        f"AllowedIPs = 10.7.0.0/24\nEndpoint = 10.0.2.2:{server.port}\nPersistentKeepalive = 5\n"
    )
    a_new_board(said)
    a_tunnel(said, server)
    a_new_key(said, server)
    the_server_side(said, monkeypatch)
    a_fleet(said, monkeypatch)
    firmware(said)
    the_end(said)
    assert set(said.documents) >= set(DOCUMENTS)
    assert len(said.secrets) == 5  # of two key pairs, and of the fleet
    for secret in said.secrets:
        for spelling in spellings(secret):
            assert spelling not in said.text.encode("utf-8", "surrogateescape")
    files_with_secrets_are_private(said)


def a_new_board(said: Said) -> None:
    assert said.board.port in said.run("ports")
    said.json("ports")
    assert "public key" not in said.run("show")
    assert said.json("doctor", status=4)["findings"]
    said.run("status", status=4)
    said.run("show", "wg0", status=4)
    said.run("keygen", "--address", f"{BOARD}/24")
    said.json("keygen", "--address", f"{BOARD}/24")
    said.json("selftest")
    said.run("selftest")


def a_tunnel(said: Said, server: Peer) -> None:
    public_key = said.json("provision", "--psk", "generate", "wg0.conf")["public_key"]
    said.run("provision", "--psk", "generate", "wg0.conf")
    said.keep_secrets()
    psk = serverpeer.load(Path(PSK_FILE)).secret_text(True)
    server.add_peer(PeerConfig(public_key, [f"{BOARD}/32"], psk))
    said.run("provision", "--psk", "keep", "wg0.conf")  # starts the tunnel, which need not wait
    server.wait_handshake(public_key, 0, timeout_s=30)
    for command in ("show", "status", "doctor", "logs", "backup", "peer"):
        assert said.run(command)
        said.json(command)
    assert said.run("show", "--dump").count("\n") == 2
    said.run("backup", "--out", "copy.conf")
    said.run("monitor", "--count", "2", "--interval", "0.1")
    said.json("monitor", "--count", "2", "--interval", "0.1")
    assert said.run("bench").startswith("QEMU MPS2")
    check_bench(said.json("bench", "--tunnel"))


def check_bench(found: dict) -> None:
    """Every figure is there, and larger things take longer. Times themselves say nothing here."""
    us = {rate["name"]: rate["us"] for rate in found["crypto"]}
    assert not any(rate["cycles"] for rate in found["crypto"]), "QEMU counts none"
    assert set(us) == set(bench.PRIMITIVES) and all(us.values())
    assert us["seal_64"] < us["seal_1420"] < us["x25519"] and us["blake2s_64"] < us["blake2s_1420"]
    assert all(part > us["x25519"] for part in found["handshake"].values())
    assert found["tunnel"]["address"] == SERVER and found["tunnel"]["handshake_ms"] >= 0
    assert found["tunnel"]["latency"]["received"] == bench.PING_COUNT
    assert found["tunnel"]["echo"]["received"] == bench.ECHO_COUNT


def a_new_key(said: Said, server: Peer) -> None:
    """The old one is a secret as before: both were in force."""
    said.run("rotate")
    staged = said.json("rotate")["public_key"]
    psk = serverpeer.load(Path(PSK_FILE)).secret_text(True)
    server.add_peer(PeerConfig(staged, [f"{BOARD}/32"], psk))
    assert said.json("rotate", "--switch")["state"] == "switched"
    said.documents["rotate"] |= {"allowed_ips": []}
    said.keep_secrets()
    said.run("rotate", "--switch", status=4)


def the_server_side(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ["peer", "--from", PSK_FILE]
    said.json(*source, "--out", "peer.netdev", "--format", "networkd", port=False)
    said.run(*source, "--apply", "--interface", "wg5", "--socket", "wg5.sock", port=False)
    said.run(*source, "--out", "peer.netdev", status=2, port=False)
    by_wg(said, source, monkeypatch)
    # A traceback of a developer's, with the preshared key in memory.
    with monkeypatch.context() as patched:
        patched.setattr(provision, "run", lambda session, job: 1 / 0)
        with pytest.raises(ZeroDivisionError) as caught:
            cli.run(["provision", "wg0.conf", "--psk", "psk", "-p", said.board.port])
    said.text += "".join(traceback.format_exception(caught.value))


def by_wg(said: Said, source: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Others see a process's command line and environment: what `wg` is started with is noted."""
    Path("bin").mkdir()
    seen = Path("wg-seen").absolute()
    Path("bin/wg").write_text(
        f"#!/bin/sh\n{{ tr '\\0' '\\n' </proc/$$/cmdline; env; }} >{shlex.quote(str(seen))}\n"
        'cat >"$0.stdin"\n'
    )
    Path("bin/wg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{Path('bin').absolute()}:{os.environ['PATH']}")
    monkeypatch.setattr(uapi, "FOLDERS", (Path("bin"),))
    said.run(*source, "--apply", "--interface", "wg7", port=False)
    assert "preshared-key" in seen.read_text()
    psk = Path("bin/wg.stdin").read_text().strip()
    assert psk == serverpeer.load(Path(PSK_FILE)).secret_text(True)
    Path("psk").touch(0o600)
    Path("psk").write_text(psk)
    Path("bin/wg.stdin").unlink()
    said.text += seen.read_text()


def a_fleet(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [transport.Port(said.board.port, "E661", "")]
    monkeypatch.setattr(transport, "usb_ports", lambda: found)
    Path("devices.csv").write_text("serial,name\nE661,pump\nE662,fan\n")
    arguments = ["fleet", "provision", "--template", "wg0.conf", "--psk", "generate"]
    first = said.json(*arguments, "devices.csv", port=False)
    assert [board["name"] for board in first["provisioned"]] == ["pump"]
    assert (first["failed"], first["waiting"]) == ([], ["fan"])
    said.secrets.append(bytes(serverpeer.load(Path("fleet/pump.server-peer.conf")).preshared))
    report = said.run(*arguments, "devices.csv", port=False)
    assert report == "fleet: 0 provisioned, 1 of the list still to come\n"
    assert "\tpump\te661\tdone\t" in said.run("fleet", "list", port=False)
    said.json("fleet", "list", port=False)
    said.json("fleet", "peers", "--out", "peers.conf", port=False)
    said.json("fleet", "labels", "labels.pdf", port=False)


def firmware(said: Said) -> None:
    """To a drive; boards with a boot ROM are in tests/unit/test_flash.py."""
    Path("a.uf2").write_bytes(blocks(16, RP2040))
    taken = take(make_drive(Path("drive").absolute()), "a.uf2", Path("a.uf2").stat().st_size)
    said.json("flash", "a.uf2", "--drive", "drive", "--yes", port=False)
    taken.join(10)


def the_end(said: Said) -> None:
    said.json("remove", "wg0", "--yes")
    said.run("remove", "wg0", "--yes", status=4)


def files_with_secrets_are_private(said: Said) -> None:
    """Whatever file a secret is in, only its owner can read it. flash.bin plays the board."""
    private = []
    for path in (p for p in Path().rglob("*") if p.is_file() and p.name != "flash.bin"):
        content = path.read_bytes()
        if any(s in content for secret in said.secrets for s in spellings(secret)):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            private.append(path.name)
    assert {PSK_FILE, "peer.netdev", "peers.conf", "pump.server-peer.conf"} <= set(private)


def test_no_command_is_left_out_above() -> None:
    """A new command has to be called there, or be tested like that in a file of its own."""
    elsewhere = {"selftest", "hil", "lock", "unlock"}  # selftest's document is by primitive
    for name, command in every_command(cli.cli):
        if name.split()[0] not in elsewhere:
            assert name in DOCUMENTS, name
        assert any("--json" in p.opts for p in command.params if isinstance(p, click.Option)), name
        _, _, examples = (command.help or "").partition("Examples:")
        assert f"wgprov {name}" in examples, name
