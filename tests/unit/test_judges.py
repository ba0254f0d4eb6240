# SPDX-License-Identifier: MIT
"""What other people's programs say of wgprov's files: `wg` and `wg-quick` with a real WireGuard
(wireguard-go) behind its socket, and NetworkManager's `nmcli --offline`."""

from __future__ import annotations

import configparser
import ipaddress
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from peer.driver import Peer

from tests.unit.test_importers import KEYFILE, same
from tests.unit.test_provision_kit import OTHER_KEY, ROOT, SERVER_KEY
from tests.unit.test_serverformats import random_keys, server_peers
from wgprov import importers, keys, wgconf
from wgprov.errors import InputError
from wgprov.serverformats import render
from wgprov.serverpeer import ServerPeer

NMCLI = ROOT / ".cache" / "nmcli" / "bin" / "nmcli"
PRIVATE = keys.encode(bytes(range(3, 35)))
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # each example starts processes
EXAMPLES = settings(max_examples=8, phases=NO_SHRINKING)

several_peers = st.lists(
    server_peers,
    min_size=1,
    max_size=12,
    unique_by=(lambda p: p.public_key, lambda p: p.allowed_ips[0], lambda p: p.allowed_ips[1]),
)


def networks(ips: str) -> str:
    """AllowedIPs sorted, in one spelling: ::ffff:0:1 is written in two ways."""
    items = ips.replace(";", ",").removesuffix(",").split(",")
    found = [ipaddress.ip_network(ip) for ip in items if ip not in ("", "(none)")]
    return ",".join(sorted(f"{network}" for network in found))


def absent(program: str) -> None:
    """Without a judge there is no verdict; CI has to have them all."""
    if os.environ.get("CI"):
        pytest.fail(f"{program} is missing: see host_tools/bootstrap")
    pytest.skip(f"no {program} here")


# --- wg, wg-quick --------------------------------------------------------------------------------


class Wg:
    """`wg` in a mount namespace where wireguard-go's socket is that of the interface wg5."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "wg5.sock"

    def run(self, command: str) -> str:
        script = (
            "mount -t tmpfs none /var && mkdir -p /var/run/wireguard && "
            f"ln -s {shlex.quote(str(self.socket))} /var/run/wireguard/wg5.sock && {command}"
        )
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def take(self, verb: str, text: str) -> None:
        """`wg setconf`, `addconf` or `syncconf`."""
        file = self.folder / "given.conf"
        file.write_text(text)
        self.run(f"wg {verb} wg5 {shlex.quote(str(file))}")

    def peers(self) -> dict[str, list[str]]:
        """Public key -> preshared key, endpoint, AllowedIPs, keepalive, by `wg show dump`."""
        lines = [line.split("\t") for line in self.run("wg show wg5 dump").splitlines()[1:]]
        return {f[0]: [f[1], f[2], networks(f[3]), f[7]] for f in lines}


@pytest.fixture(scope="module")
def wg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wg]:
    if not shutil.which("wg"):
        absent("wg")
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")
    judge = Wg(tmp_path_factory.mktemp("wg"))
    with Peer(["10.7.0.1"], log=judge.folder / "server.log") as running:
        running.request("uapi_listen", path=str(judge.socket))
        yield judge


def expected(peers: list[ServerPeer]) -> dict[str, list[str]]:
    return {
        p.public_key: [
            p.secret_text(show=True) or "(none)",
            "(none)",
            networks(",".join(p.allowed_ips)),
            "off",
        ]
        for p in peers
    }


@pytest.mark.parametrize("verb", ["setconf", "syncconf"])
@EXAMPLES
@given(peers=several_peers)
def test_wg_takes_peer_blocks_for_what_they_mean(
    verb: str, wg: Wg, peers: list[ServerPeer]
) -> None:
    blocks = "\n".join(render(p, "peer", "wg5", show_secrets=True) for p in peers)
    wg.take(verb, f"[Interface]\nPrivateKey = {PRIVATE}\n{blocks}")
    assert wg.peers() == expected(peers)


@EXAMPLES
@given(peers=several_peers)
def test_wg_set_lines(wg: Wg, peers: list[ServerPeer]) -> None:
    wg.take("setconf", f"[Interface]\nPrivateKey = {PRIVATE}\n")
    lines = []
    for peer in peers:
        if peer.preshared is not None:
            lines.append(f"echo {peer.secret_text(True)} >psk")
        text = render(peer, "wg-set", "wg5", show_secrets=True)
        lines += text.replace("PSK-FILE", "psk").splitlines()
    (wg.folder / "set.sh").write_text("\n".join(["set -e", *lines, ""]))
    wg.run(f"cd {shlex.quote(str(wg.folder))} && sh set.sh")
    assert wg.peers() == expected(peers)


# Our wireguard-go takes endpoints on this machine only.
hosts = st.ip_addresses(network="127.0.0.0/8").map(str) | st.just("[::1]")
quick_peers = st.fixed_dictionaries(
    {"PublicKey": random_keys.map(keys.encode)},
    optional={
        "PresharedKey": random_keys.map(keys.encode),
        "AllowedIPs": st.lists(
            st.builds(lambda ip, bits: f"{ip}/{bits}", st.ip_addresses(v=4), st.integers(0, 32))
            | st.builds(lambda ip, bits: f"{ip}/{bits}", st.ip_addresses(v=6), st.integers(0, 128)),
            min_size=1,  # an empty one we take, wg does not
            max_size=4,
        ).map(", ".join),
        "Endpoint": st.builds(lambda h, p: f"{h}:{p}", hosts, st.integers(1, 65535)),
        "PersistentKeepalive": st.sampled_from(["off", "0"]) | st.integers(1, 65535).map(str),
    },
)


@settings(max_examples=12, phases=NO_SHRINKING)
@given(peers=st.lists(quick_peers, min_size=1, max_size=3))
def test_wg_quick_reads_the_same_in_what_we_take(wg: Wg, peers: list[dict[str, str]]) -> None:
    """A file that wgprov takes means to a board what it means to wg-quick on a PC."""
    lines = ["[Interface]", "Address = 10.7.0.2/24", "MTU = 1380", "DNS = 9.9.9.9"]
    for peer in peers:
        lines += ["[peer]", *(f"{name.lower()}={value} # x" for name, value in peer.items())]
    text = "\n".join(lines) + "\n"
    try:
        conf = wgconf.parse(text, "wg5", "wg5.conf")
    except InputError:
        return  # two peers with one AllowedIPs: to wg the last one wins, to us it is a mistake
    (wg.folder / "wg5.conf").write_text(text)
    wg.take("setconf", wg.run(f"wg-quick strip {shlex.quote(str(wg.folder / 'wg5.conf'))}"))
    ours = {}
    for peer, preshared in zip(conf.config["peers"], conf.preshared, strict=True):
        ours[peer["public_key"]] = [
            keys.encode(preshared) if preshared else "(none)",
            peer["endpoint"] or "(none)",
            networks(",".join(peer["allowed_ips"])),
            str(peer["persistent_keepalive"] or "off"),
        ]
    assert wg.peers() == ours


# --- nmcli ---------------------------------------------------------------------------------------


def nmcli(keyfile: str) -> str:
    """The connection as NetworkManager writes it back after it has read it. It drops in silence
    what it does not understand, so what comes out has to be compared."""
    if not NMCLI.exists():
        absent("nmcli")
    command = [str(NMCLI), "--offline", "connection", "modify", "connection.zone", "home"]
    done = subprocess.run(command, input=keyfile, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert "zone=home" in done.stdout
    return done.stdout


def sections(keyfile: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(delimiters="=", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(keyfile)
    return {name: dict(parser[name]) for name in parser.sections()}


SERVER_KEYFILE = f"""\
[connection]
id=wg5
uuid=5a5f4b3e-3f0e-4c0f-9d1a-111111111111
type=wireguard
interface-name=wg5

[wireguard]
listen-port=51820
private-key={PRIVATE}

"""


@EXAMPLES
@given(peers=several_peers)
def test_networkmanager_keeps_every_field_of_our_section(peers: list[ServerPeer]) -> None:
    ours = "\n".join(render(p, "networkmanager", "wg5", show_secrets=True) for p in peers)
    read = sections(nmcli(SERVER_KEYFILE + ours))
    for name, fields in sections(ours).items():
        default = {"preshared-key-flags": "0"}  # which it leaves out
        assert networks(read[name].pop("allowed-ips")) == networks(fields.pop("allowed-ips"))
        assert read[name] | default == fields | default
    assert len([name for name in read if name.startswith("wireguard-peer.")]) == len(peers)


def test_this_judge_notices_a_bad_field() -> None:
    bad = f"[wireguard-peer.{SERVER_KEY}]\nallowed-ips=10.7.0.300/32;\n"
    read = sections(nmcli(SERVER_KEYFILE + bad))
    assert read.get(f"wireguard-peer.{SERVER_KEY}", {}) != sections(bad).popitem()[1]


def test_what_networkmanager_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.nmconnection"
    path.write_text(nmcli(KEYFILE))
    assert OTHER_KEY in path.read_text()
    same(importers.load(path))
