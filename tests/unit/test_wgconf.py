# SPDX-License-Identifier: MIT
"""wg-quick files: what is read, and that every complaint names file, line and field."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_provision_kit import OTHER_KEY, SERVER_KEY
from wgprov import importers, keys, wgconf
from wgprov.errors import InputError
from wireguard import config as board

GOOD = f"""\
# made by hand
[Interface]
Address = 10.7.0.2/24, fd00:7::2/64  # both
ListenPort = 51821
MTU = 1380
DNS = 9.9.9.9
dns=2620:fe::fe

[Peer]
PublicKey = {SERVER_KEY}
PresharedKey = {OTHER_KEY}
AllowedIPs = 10.7.0.9/24, ::/0
AllowedIPs = 192.168.5.0/24
Endpoint = [2001:DB8::1]:51820
PersistentKeepalive = 25
"""

INTERFACE = "[Interface]\nAddress = 10.7.0.2/24\n"
PEER = f"[Peer]\nPublicKey = {SERVER_KEY}\n"


def test_everything():
    conf = wgconf.parse(GOOD, "wg0", "wg0.conf")
    assert conf.config == {
        "v": 1,
        "name": "wg0",
        "address": ["10.7.0.2/24", "fd00:7::2/64"],
        "listen_port": 51821,
        "mtu": 1380,
        "dns": ["9.9.9.9", "2620:fe::fe"],
        "autostart": True,
        "peers": [
            {
                "public_key": SERVER_KEY,
                "endpoint": "[2001:db8::1]:51820",
                "allowed_ips": ["10.7.0.0/24", "::/0", "192.168.5.0/24"],
                "persistent_keepalive": 25,
            }
        ],
    }
    assert [keys.encode(key) for key in conf.preshared] == [OTHER_KEY]
    assert board.check(conf.config) == conf.config


def test_defaults():
    conf = wgconf.parse(INTERFACE + PEER, "wg0", "wg0.conf")
    assert (conf.config["mtu"], conf.config["listen_port"], conf.config["dns"]) == (1420, 0, [])
    assert conf.config["peers"][0] == {
        "public_key": SERVER_KEY,
        "endpoint": None,
        "allowed_ips": [],
        "persistent_keepalive": 0,
    }
    assert conf.preshared == [None]


def test_other_spellings():
    text = (
        "\ufeff[ INTERFACE ]\r\naddress=10.7.0.2\r\n[peer]\r\n"
        f"PUBLICKEY={SERVER_KEY}\r\nAllowedIPs =\r\nPersistentKeepalive = OFF\r\n"
    )
    conf = wgconf.parse(text.removeprefix("\ufeff"), "wg0", "wg0.conf")
    assert conf.config["address"] == ["10.7.0.2/32"]
    assert conf.config["peers"][0]["persistent_keepalive"] == 0


BAD = [
    # (text, line, field, part of the reason)
    ("", 0, "[Interface]", "missing"),
    (INTERFACE, 0, "[Peer]", "missing"),
    ("Address = 10.0.0.1\n", 1, "Address = 10.0.0.1", "before the first"),
    ("[Interfaces]\n", 1, "[Interfaces]", "not [Interface] or [Peer]"),
    ("[Interface\n", 1, "[Interface", "not [Interface] or [Peer]"),
    ("[Interface]\n" + PEER, 1, "Address", "missing"),
    (INTERFACE + "[Interface]\n" + PEER, 3, "[Interface]", "given twice"),
    (INTERFACE + "Address\n" + PEER, 3, "Address", "not `Name = value`"),
    (INTERFACE + "Adress = 10.0.0.1\n" + PEER, 3, "Adress", "not a field of [Interface]"),
    (INTERFACE + f"PrivateKey = {OTHER_KEY}\n" + PEER, 3, "PrivateKey", "--private-key-from"),
    (INTERFACE + "PostUp = iptables -A x\n" + PEER, 3, "PostUp", "no shell"),
    (INTERFACE + "PreUp = x\n" + PEER, 3, "PreUp", "no shell"),
    (INTERFACE + "PostDown = x\n" + PEER, 3, "PostDown", "no shell"),
    (INTERFACE + "PreDown = x\n" + PEER, 3, "PreDown", "no shell"),
    (INTERFACE + "Table = off\n" + PEER, 3, "Table", "routing tables"),
    (INTERFACE + "FwMark = 1\n" + PEER, 3, "FwMark", "packet marks"),
    (INTERFACE + "SaveConfig = true\n" + PEER, 3, "SaveConfig", "remove the line"),
    (INTERFACE + "MTU = 1420\nMTU = 1400\n" + PEER, 4, "MTU", "given twice, first in line 3"),
    (INTERFACE + "MTU = 99999\n" + PEER, 3, "MTU", "576 to 1440"),
    (INTERFACE + "MTU = 0x500\n" + PEER, 3, "MTU", "576 to 1440"),
    (INTERFACE + "MTU =\n" + PEER, 3, "MTU", "empty"),
    (INTERFACE + "ListenPort = 65536\n" + PEER, 3, "ListenPort", "0 to 65535"),
    (INTERFACE + "ListenPort = -1\n" + PEER, 3, "ListenPort", "0 to 65535"),
    (INTERFACE + "DNS = example.org\n" + PEER, 3, "DNS", "no search domains"),
    (INTERFACE + "DNS = 1.1.1.1, 1.1.1.1\n" + PEER, 3, "DNS", "given twice"),
    (INTERFACE + "Address = 10.7.0.2/24\n" + PEER, 3, "Address", "given twice"),
    (INTERFACE + "Address = 10.7.0.2/33\n" + PEER, 3, "Address", "0 to 32"),
    (INTERFACE + "Address = 10.7.0.2/255.0.0.0\n" + PEER, 3, "Address", "0 to 32"),
    (INTERFACE + "Address = fd00::1/129\n" + PEER, 3, "Address", "0 to 128"),
    (INTERFACE + "Address = 10.7.0.2000/24\n" + PEER, 3, "Address", "not an IPv4 or IPv6"),
    (INTERFACE + "Address = 10.7.1.2,,10.7.2.2\n" + PEER, 3, "Address", "not an IPv4 or IPv6"),
    (INTERFACE + "Address = fe80::1%eth0/64\n" + PEER, 3, "Address", "not an IPv4 or IPv6"),
    (INTERFACE + "Address = 10.1.0.1,10.1.0.2,10.1.0.3,10.1.0.4\n" + PEER, 3, "Address", "most 4"),
    (INTERFACE + "[Peer]\nEndpoint = a:1\n", 3, "PublicKey", "missing"),
    (INTERFACE + PEER + "PublicKey = x\n", 5, "PublicKey", "given twice"),
    (INTERFACE + "[Peer]\nPublicKey = abc\n", 4, "PublicKey", "44 characters"),
    (INTERFACE + f"[Peer]\nPublicKey = {'A' * 43}=\n", 4, "PublicKey", "all zero"),
    (INTERFACE + f"[Peer]\nPublicKey = {'!' * 44}\n", 4, "PublicKey", "not base64"),
    (INTERFACE + PEER + f"PresharedKey = {OTHER_KEY[:-1]}\n", 5, "PresharedKey", "44 characters"),
    (INTERFACE + PEER + "Address = 10.0.0.1\n", 5, "Address", "not a field of [Peer]"),
    (INTERFACE + PEER + "PostUp = x\n", 5, "PostUp", "not a field of [Peer]"),
    (INTERFACE + PEER + "AllowedIPs = 10.0.0.0/40\n", 5, "AllowedIPs", "0 to 32"),
    (INTERFACE + PEER + "AllowedIPs = 10.0.0.0/ 8\n", 5, "AllowedIPs", "0 to 32"),
    (INTERFACE + PEER + "AllowedIPs = any\n", 5, "AllowedIPs", "not an IPv4 or IPv6"),
    (
        INTERFACE + PEER + "AllowedIPs = 10.0.0.1/8\nAllowedIPs = 10.0.0.2/8\n",
        6,
        "AllowedIPs",
        "tw",
    ),
    (INTERFACE + PEER + "Endpoint = vpn.example\n", 5, "Endpoint", "host:port"),
    (INTERFACE + PEER + "Endpoint = vpn.example:0\n", 5, "Endpoint", "port of 1 to 65535"),
    (INTERFACE + PEER + "Endpoint = vpn.example:65536\n", 5, "Endpoint", "port of 1 to 65535"),
    (INTERFACE + PEER + "Endpoint = :51820\n", 5, "Endpoint", "not a host name"),
    (INTERFACE + PEER + "Endpoint = a b:51820\n", 5, "Endpoint", "not a host name"),
    (INTERFACE + PEER + "Endpoint = -a.example:1\n", 5, "Endpoint", "not a host name"),
    (INTERFACE + PEER + "Endpoint = 1.2.3.256:1\n", 5, "Endpoint", "not an IPv4 or IPv6"),
    (INTERFACE + PEER + "Endpoint = 2001:db8::1:51820\n", 5, "Endpoint", "needs brackets"),
    (INTERFACE + PEER + "Endpoint = [2001:db8::g]:51820\n", 5, "Endpoint", "not an IPv4 or IPv6"),
    (INTERFACE + PEER + "Endpoint = [1.2.3.4]:51820\n", 5, "Endpoint", "brackets are for IPv6"),
    (INTERFACE + PEER + "PersistentKeepalive = 65536\n", 5, "PersistentKeepalive", "0 to 65535"),
    (INTERFACE + PEER + "PersistentKeepalive = 2.5\n", 5, "PersistentKeepalive", "0 to 65535"),
    (INTERFACE + PEER + PEER, 6, "PublicKey", "also in the [Peer] of line 3"),
    (
        INTERFACE
        + PEER
        + f"AllowedIPs = ::/0\n[Peer]\nPublicKey = {OTHER_KEY}\nAllowedIPs = ::1/0",
        8,
        "AllowedIPs",
        "also in the [Peer] of line 3",
    ),
    (
        INTERFACE
        + "".join(f"[Peer]\nPublicKey = {keys.encode(bytes([i + 1] * 32))}\n" for i in range(17)),
        35,
        "[Peer]",
        "at most 16",
    ),
]


@pytest.mark.parametrize("text, line, field, reason", BAD)
def test_complaint_names_file_line_and_field(text, line, field, reason):
    with pytest.raises(InputError) as caught:
        wgconf.parse(text, "wg0", "wg0.conf")
    message = str(caught.value)
    where = f"wg0.conf:{line}: {field}: " if line else f"wg0.conf: {field}: "
    assert message.startswith(where), message
    assert reason in message and "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        INTERFACE + f"PrivateKey = {OTHER_KEY}\n" + PEER,
        INTERFACE + PEER + f"PresharedKey = {OTHER_KEY[:-1]}\n",
        INTERFACE + PEER + f"PresharedKey {OTHER_KEY}\n",
        INTERFACE + PEER + f"Endpoint = {OTHER_KEY}\n",
        INTERFACE + PEER + f"AllowedIPs = {OTHER_KEY}\n",
        INTERFACE + f"MTU = {OTHER_KEY}\n" + PEER,
        OTHER_KEY,
        f"[{OTHER_KEY}]",
        INTERFACE + f"{OTHER_KEY} = 1\n" + PEER,
    ],
)
def test_a_misplaced_key_is_not_repeated(text):
    with pytest.raises(InputError) as caught:
        wgconf.parse(text, "wg0", "wg0.conf")
    assert OTHER_KEY[:20] not in str(caught.value)


def test_load_names_the_interface_after_the_file(tmp_path):
    path = tmp_path / "home-1.conf"
    path.write_text(GOOD)
    assert importers.load(path).config["name"] == "home-1"
    assert importers.load(path, "wg9").config["name"] == "wg9"


@pytest.mark.parametrize("name", ["", ".x", "a/b", "x" * 16, "a b", "ä", "a\n"])
def test_bad_interface_names(tmp_path, name):
    path = tmp_path / "wg0.conf"
    path.write_text(GOOD)
    with pytest.raises(InputError, match="--name"):
        importers.load(path, name)


@pytest.mark.parametrize(
    "content, reason",
    [(b"\xff\xfe[", "not UTF-8"), (b"#" * 70000, "larger than"), (None, "No such file")],
)
def test_unreadable_files(tmp_path, content, reason):
    path = tmp_path / "wg0.conf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        importers.load(path)
    assert str(caught.value).startswith(str(path))
    with pytest.raises(InputError):
        importers.load(Path(tmp_path))


tokens = st.sampled_from(
    [
        "[Interface]\n",
        "[Peer]\n",
        "Address = ",
        "PublicKey = ",
        "PresharedKey = ",
        "AllowedIPs = ",
        "Endpoint = ",
        "DNS=",
        "MTU=",
        "\n",
        "10.7.0.2/24",
        "::/0",
        ",",
        "vpn.example:1",
        "[::1]:1",
        SERVER_KEY,
        OTHER_KEY,
        "1400",
        "#",
        "=",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(tokens, st.text(max_size=5))).map("".join)))
def test_any_text_is_taken_or_refused_in_one_line(text):
    try:
        conf = wgconf.parse(text, "wg0", "wg0.conf")
    except InputError as error:
        assert re.match(r"wg0\.conf(:\d+)?: .", str(error)) and str(error).isprintable()
    else:
        assert board.check(conf.config) == conf.config


hosts = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{0,20}(\.[a-z]{2,8}){0,3}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map("[{}]".format),
)
addresses = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)),
    st.tuples(st.ip_addresses(v=6), st.integers(0, 128)),
).map(lambda pair: f"{pair[0]}/{pair[1]}")


@given(
    st.lists(addresses, min_size=1, max_size=4, unique=True),
    st.integers(0, 65535),
    st.integers(576, 1440),
    st.lists(st.ip_addresses().map(str), max_size=4, unique=True),
    st.lists(
        st.tuples(
            st.binary(min_size=32, max_size=32).filter(any),
            st.none() | st.tuples(hosts, st.integers(1, 65535)),
            st.none() | st.binary(min_size=32, max_size=32).filter(any),
            st.integers(0, 65535),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda peer: peer[0],
    ),
)
def test_every_good_file_reaches_the_board_unchanged(address, port, mtu, dns, peers):
    lines = ["[Interface]", "Address = " + ", ".join(address), f"ListenPort = {port}"]
    lines += [f"MTU = {mtu}"] + [f"DNS = {server}" for server in dns]
    for i, (public, endpoint, psk, keepalive) in enumerate(peers):
        lines += ["[Peer]", f"PublicKey = {base64.b64encode(public).decode()}"]
        lines += [f"AllowedIPs = 10.{i}.0.0/16", f"PersistentKeepalive = {keepalive}"]
        if endpoint:
            lines.append("Endpoint = {}:{}".format(*endpoint))
        if psk:
            lines.append(f"PresharedKey = {base64.b64encode(psk).decode()}")
    conf = wgconf.parse("\n".join(lines), "wg0", "wg0.conf")
    assert board.check(conf.config) == conf.config
    assert [board.cidr(a) for a in conf.config["address"]] == [board.cidr(a) for a in address]
    assert conf.preshared == [peer[2] for peer in peers]
    for peer, found in zip(peers, conf.config["peers"], strict=True):
        assert board.key(found["public_key"]) == peer[0]
        if peer[1]:
            host, port_number = board.endpoint(found["endpoint"])
            assert port_number == peer[1][1]
            assert found["endpoint"].startswith(peer[1][0].lower())
