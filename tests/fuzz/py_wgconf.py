# SPDX-License-Identifier: MIT
"""What wgprov reads: wg-quick, NetworkManager and systemd-networkd files. One clear line or a
configuration that the board's own check takes too."""

from __future__ import annotations

from tests.fuzz.py_config import KEY
from wgprov import wgconf
from wgprov.errors import InputError
from wgprov.networkd import NetDev
from wgprov.nmkeyfile import KeyFile
from wgprov.wgconf import WgQuick
from wireguard import config as board

_GRAMMARS = (WgQuick, KeyFile)


def one(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for grammar in _GRAMMARS:
        try:
            conf = grammar("file").parse(text, "wg0")
        except InputError as error:
            assert len(str(error).splitlines()) == 1, str(error)
            continue
        checked = board.check(conf.config)
        wgconf.from_config(checked)
    try:
        NetDev("file").sections(text)
    except InputError as error:
        assert len(str(error).splitlines()) == 1, str(error)


SEEDS = (
    f"""[Interface]
Address = 10.7.0.2/24, fd00::2/64
ListenPort = 51820
MTU = 1420
DNS = 10.7.0.1

[Peer] # comment
PublicKey = {KEY}
PresharedKey = {KEY}
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = vpn.example.org:51820
PersistentKeepalive = 25
""".encode(),
    f"""[connection]
id=wg0
type=wireguard
interface-name=wg0

[wireguard]
listen-port=51820

[wireguard-peer.{KEY}]
endpoint=192.0.2.1:51820
allowed-ips=10.7.0.0/24;
persistent-keepalive=25

[ipv4]
address1=10.7.0.2/24
method=manual
""".encode(),
    f"""[NetDev]
Name=wg0
Kind=wireguard

[WireGuard]
ListenPort=51820

[WireGuardPeer]
PublicKey={KEY}
AllowedIPs=10.7.0.0/24
""".encode(),
)
