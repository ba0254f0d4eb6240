# SPDX-License-Identifier: MIT
"""The server's side of a board, in each program's words: it means the same when read back."""

from __future__ import annotations

import json
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peer.driver import Peer

from tests.unit.test_provision_kit import OTHER_KEY, SERVER_KEY, conf_text, tapped_agent
from wgprov import cli, importers, keys, serverpeer, uapi
from wgprov.commands import backup, peer, provision
from wgprov.errors import BoardError, InputError, PortError
from wgprov.fields import Section
from wgprov.networkd import NetDev
from wgprov.nmkeyfile import KeyFile
from wgprov.serverformats import FORMATS, render
from wgprov.serverpeer import ServerPeer
from wgprov.wgconf import WgQuick

Meaning = tuple[str, list[str], str | None]

random_keys = st.binary(min_size=32, max_size=32).filter(any)
server_peers = st.builds(
    lambda public, psk, v4, v6, title: ServerPeer(
        title,
        keys.encode(public),
        [f"{v4}/32", f"{v6}/128"],
        None if psk is None else bytearray(psk),
    ),
    random_keys,
    st.none() | random_keys,
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    st.sampled_from(["wg0 on Raspberry Pi Pico", 'a "quoted" $name [x]', "plain"]),
)


def of_section(section: Section) -> Meaning:
    values = {name: ",".join(v.text for v in found) for name, found in section.values.items()}
    ips = [ip.strip() for ip in values["AllowedIPs"].split(",")]
    return values["PublicKey"], ips, values.get("PresharedKey")


def by_grammar(grammar: type) -> Callable[[str], Meaning]:
    def read(text: str) -> Meaning:
        [section] = grammar("x").sections(text)
        return of_section(section)

    return read


def by_words(text: str) -> Meaning:
    words = shlex.split(text, comments=True)
    assert words[:4] == ["wg", "set", "wg5", "peer"]
    named = dict(zip(words[5::2], words[6::2], strict=True))
    return words[4], named["allowed-ips"].split(","), named.get("preshared-key")


def by_routeros(text: str) -> Meaning:
    pairs = re.findall(r'([a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))', text)
    named = {name: re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in pairs}
    assert text.startswith("/interface wireguard peers add ") and named["interface"] == "wg5"
    return named["public-key"], named["allowed-address"].split(","), named.get("preshared-key")


def by_json(text: str) -> Meaning:
    client = json.loads(text)["client"]
    return client["pubkey"], client["tunneladdress"].split(","), client["psk"] or None


READERS = {
    "peer": by_grammar(WgQuick),
    "wg-set": by_words,
    "networkmanager": by_grammar(KeyFile),
    "networkd": by_grammar(NetDev),
    "mikrotik": by_routeros,
    "opnsense": by_json,
}


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
@given(server=server_peers)
def test_what_was_exported_parses_back(form: str, server: ServerPeer) -> None:
    psk = server.secret_text(show=True)
    expected = "PSK-FILE" if form == "wg-set" and psk else psk
    text = render(server, form, "wg5", show_secrets=True)
    assert READERS[form](text) == (server.public_key, server.allowed_ips, expected)
    assert text.endswith("\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_preshared_key_is_hidden_unless_asked_for(form: str) -> None:
    server = ServerPeer("t", SERVER_KEY, ["10.7.0.2/32"], keys.decode(OTHER_KEY))
    assert OTHER_KEY not in render(server, form, "wg0", show_secrets=False)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="one of peer, wg-set"):
        render(ServerPeer("t", SERVER_KEY, [], None), "vyos", "wg0", False)


@pytest.fixture
def provisioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the server's file; the board's flash is in its `flash`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flash").mkdir()
    (tmp_path / "wg0.conf").write_text(conf_text("10.7.0.2/24, fd00:7::2/64"))
    with tapped_agent(tmp_path / "flash") as (session, _):
        provision.run(session, provision.plan(tmp_path / "wg0.conf", psk="generate"))
    return tmp_path


def test_a_board_tells_its_server_side_but_no_secret(provisioned: Path) -> None:
    with tapped_agent(provisioned / "flash") as (session, _):
        asked = peer.run(session, None)
    kept = serverpeer.load(provisioned / "wg0.server-peer.conf")
    assert (asked.public_key, asked.allowed_ips) == (kept.public_key, kept.allowed_ips)
    assert asked.allowed_ips == ["10.7.0.2/32", "fd00:7::2/128"]
    assert asked.preshared is None and asked.preshared_unchanged and kept.preshared is not None


def test_backup_provisions_another_board_the_same(provisioned: Path) -> None:
    with tapped_agent(provisioned / "flash") as (session, tap):
        answer = backup.run(session, "wg0")
        with pytest.raises(BoardError, match="no interface wg9"):
            backup.run(session, "wg9")
    copy = provisioned / "copy.conf"
    copy.write_text(backup.from_config(answer["config"]))
    config = importers.load(copy, "wg0").config
    assert config == importers.load(provisioned / "wg0.conf").config
    psk = serverpeer.load(provisioned / "wg0.server-peer.conf").secret_text(True)
    assert answer["preshared"] == [True] and psk and psk.encode() not in bytes(tap.to_host)


@pytest.mark.parametrize("config", [None, {}, {"address": 5}, {"address": ["x"]}])
def test_a_board_that_talks_nonsense_is_one_line(config: object) -> None:
    class Nonsense:
        def hello(self) -> dict:
            return {"names": ["wg0"], "board": "\x1b[31m"}

        def request(self, *_: object, **__: object) -> dict:
            return {"public_key": SERVER_KEY, "config": config}

    with pytest.raises(BoardError, match="makes no sense"):
        peer.run(Nonsense(), None)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Peer, Path]]:
    with Peer(["10.7.0.1"], log=tmp_path / "server.log") as running:
        path = tmp_path / "wg5.sock"
        running.request("uapi_listen", path=str(path))
        yield running, path


def test_apply_by_socket_to_wireguard_go(provisioned: Path, server: tuple[Peer, Path]) -> None:
    running, path = server
    file = str(provisioned / "wg0.server-peer.conf")
    arguments = ["peer", "--from", file, "--apply", "--interface", "wg5", "--socket", str(path)]
    assert cli.run(arguments) == 0
    kept = serverpeer.load(Path(file))
    config = running.request("uapi_get")["config"]
    assert f"public_key={keys.decode(kept.public_key).hex()}" in config
    assert "allowed_ip=10.7.0.2/32" in config and "allowed_ip=fd00:7::2/128" in config


def test_apply_complains_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = ServerPeer("t", SERVER_KEY, ["10.7.0.2/32"], None)
    with pytest.raises(PortError, match="cannot talk to WireGuard"):
        uapi.apply(board, "wg0", tmp_path / "none.sock")
    monkeypatch.setattr(uapi, "FOLDERS", (tmp_path,))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="install wireguard-tools"):
        uapi.apply(board, "wg0")
    with pytest.raises(InputError, match="not the name"):
        uapi.apply(board, "../x")


def test_apply_says_when_wireguard_refuses(server: tuple[Peer, Path]) -> None:
    running, path = server
    bad = ServerPeer("t", SERVER_KEY, ["10.7.0.2/32\nprivate_key=zz"], None)
    with pytest.raises(PortError, match="refuses the peer"):
        uapi.apply(bad, "wg5", path)


def test_out_is_private_and_never_overwrites(provisioned: Path) -> None:
    out = provisioned / "peer.netdev"
    arguments = [
        "peer",
        "--from",
        "wg0.server-peer.conf",
        "--format",
        "networkd",
        "--out",
        str(out),
    ]
    assert cli.run(arguments) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600 and "PresharedKey=" in out.read_text()
    assert cli.run(arguments) == 2


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "one [Peer]"),
        ("[Interface]\nAddress = 1.2.3.4\n", "one [Peer]"),
        ("[Peer]\nAllowedIPs = 10.0.0.1/32\n", "PublicKey: missing"),
    ],
)
def test_a_file_that_is_not_a_peer(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(InputError, match=re.escape(reason)):
        serverpeer.load(tmp_path / "x")
