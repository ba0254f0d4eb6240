# SPDX-License-Identifier: MIT
"""The board's own check of a configuration."""

import copy
import ipaddress
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_provision_kit import SERVER_KEY, board_config
from wgprov import fields
from wireguard import config

BAD = [
    ("config", lambda c: []),
    ("v", lambda c: c.update(v=2)),
    ("name", lambda c: c.pop("name")),
    ("name", lambda c: c.update(name="../wg0")),
    ("name", lambda c: c.update(name="x" * 16)),
    ("address", lambda c: c.update(address=[])),
    ("address", lambda c: c.update(address="10.7.0.2/24")),
    ("address", lambda c: c.update(address=["10.7.0.2/24"] * 5)),
    ("address[0]", lambda c: c.update(address=["10.7.0.2/33"])),
    ("address[0]", lambda c: c.update(address=["10.7.0.256/24"])),
    ("address[0]", lambda c: c.update(address=[7])),
    ("listen_port", lambda c: c.update(listen_port=65536)),
    ("listen_port", lambda c: c.update(listen_port=True)),
    ("listen_port", lambda c: c.update(listen_port="1")),
    ("mtu", lambda c: c.update(mtu=575)),
    ("mtu", lambda c: c.update(mtu=1441)),
    ("dns[1]", lambda c: c.update(dns=["9.9.9.9", "dns.example"])),
    ("autostart", lambda c: c.update(autostart=1)),
    ("peers", lambda c: c.update(peers={})),
    ("peers", lambda c: c.update(peers=c["peers"] * 17)),
    ("private_key", lambda c: c.update(private_key=SERVER_KEY)),
    ("peers[0]", lambda c: c.update(peers=["x"])),
    ("peers[0].preshared_key", lambda c: c["peers"][0].update(preshared_key=SERVER_KEY)),
    ("peers[0].public_key", lambda c: c["peers"][0].update(public_key="A" * 43 + "=")),
    ("peers[0].public_key", lambda c: c["peers"][0].update(public_key=SERVER_KEY[:-2])),
    ("peers[0].public_key", lambda c: c["peers"][0].update(public_key=SERVER_KEY[:-2] + "B=")),
    ("peers[0].public_key", lambda c: c["peers"][0].update(public_key=None)),
    ("peers[0].endpoint", lambda c: c["peers"][0].update(endpoint="vpn.example")),
    ("peers[0].endpoint", lambda c: c["peers"][0].update(endpoint="vpn.example:0")),
    ("peers[0].endpoint", lambda c: c["peers"][0].update(endpoint="2001:db8::1:51820x")),
    ("peers[0].allowed_ips[0]", lambda c: c["peers"][0].update(allowed_ips=["0.0.0.0/-1"])),
    ("peers[0].persistent_keepalive", lambda c: c["peers"][0].update(persistent_keepalive=-1)),
    ("peers[1].public_key", lambda c: c["peers"].append(dict(c["peers"][0], allowed_ips=[]))),
    (
        "peers[1].allowed_ips[0]",
        lambda c: c["peers"].append(dict(c["peers"][0], public_key=SERVER_KEY)),
    ),
    (
        "peers",
        lambda c: (
            c["peers"][0].update(allowed_ips=[f"10.0.{i}.0/24" for i in range(33)])
            or c["peers"].append(
                dict(
                    c["peers"][0],
                    public_key=SERVER_KEY,
                    allowed_ips=[f"10.1.{i}.0/24" for i in range(33)],
                )
            )
        ),
    ),
]


@pytest.mark.parametrize("field, damage", BAD)
def test_names_the_bad_field(field, damage):
    settings = board_config()
    replaced = damage(settings)
    if isinstance(replaced, list):
        settings = replaced
    with pytest.raises(config.Bad) as caught:
        config.check(settings)
    assert caught.value.field == field
    assert 0 < len(caught.value.reason) <= 40 and "\n" not in caught.value.reason


def test_returns_a_complete_copy():
    settings = board_config(peers=4)
    before = copy.deepcopy(settings)
    checked = config.check(settings)
    assert checked == settings == before and checked is not settings
    minimal = {"name": "wg0", "address": ["10.0.0.1"], "peers": [{"public_key": SERVER_KEY}]}
    assert config.check(minimal) == {
        "v": 1,
        "name": "wg0",
        "address": ["10.0.0.1"],
        "listen_port": 0,
        "mtu": 1420,
        "dns": [],
        "autostart": True,
        "peers": [
            {
                "public_key": SERVER_KEY,
                "endpoint": None,
                "allowed_ips": [],
                "persistent_keepalive": 0,
            }
        ],
    }


@pytest.mark.parametrize(
    "text, host, port",
    [
        ("vpn.example:51820", "vpn.example", 51820),
        ("192.0.2.1:1", "192.0.2.1", 1),
        ("[2001:db8::1]:65535", "2001:db8::1", 65535),
        ("my_host-1:80", "my_host-1", 80),
    ],
)
def test_endpoint(text, host, port):
    assert config.endpoint(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["", ":", "a", "a:", ":1", "a:65536", "a:01", "a:+1", "a: 1", "[::1:1", "::1]:1", "[1.2.3.4]:1"]
    + ["-a:1", "a-:1", "a..b:1", ".:1", "1.2.3:1", "1.2.3.400:1", "a b:1", "x" * 64 + ":1", 5, None]
    + ["a.b.c.d" * 60 + ":1", "a\n:1", "[fe80::1%eth0]:1", "2001:db8::1:51820"],
)
def test_bad_endpoint(text):
    with pytest.raises(config.Bad):
        config.endpoint(text)


@pytest.mark.parametrize(
    "text",
    [
        "1:2:3:4:5:6:7::8",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "::",
        "::1.2.3.4",
    ]
    + [
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1::2::3",
        ":::",
        ":",
        "",
        "1.2.3.4::",
        "::g",
    ],
)
def test_corners_of_ipv6(text):
    assert ours(config.address, text) == oracle(ipaddress.ip_address, text)


def oracle(parse, text):
    try:
        return parse(text).packed
    except ValueError:
        return None


def ours(parse, text):
    try:
        return parse(text)
    except config.Bad:
        return None


near_addresses = st.one_of(
    st.text("0123456789abcdefABCDEF:.", max_size=45),
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda a: a.exploded),
    st.lists(st.sampled_from(["", "0", "1", "ffff", "12345", "1.2.3.4", "00"]), max_size=9).map(
        ":".join
    ),
    st.lists(st.sampled_from(["0", "00", "1", "255", "256", "", "x"]), max_size=5).map(".".join),
    st.text(max_size=20),
)


@given(near_addresses)
def test_addresses_are_what_ipaddress_says(text):
    expected = None if "%" in text else oracle(ipaddress.ip_address, text)
    assert ours(config.address, text) == expected


@given(near_addresses, st.one_of(st.integers(-1, 130).map(str), st.text(max_size=3)))
def test_cidrs_are_what_ipaddress_says(text, prefix):
    found = ours(config.cidr, f"{text}/{prefix}")
    if found is None:
        # ipaddress also takes netmasks, leading zeros and other digits: we do not.
        if prefix.isascii() and prefix.isdigit() and str(int(prefix)) == prefix:
            assert "%" in text or oracle(ipaddress.ip_interface, f"{text}/{prefix}") is None
    else:
        interface = ipaddress.ip_interface(f"{text}/{prefix}")
        assert found == (interface.packed, interface.network.prefixlen)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(board_config())) | st.text(max_size=8),
    json_values,
    st.none() | st.sampled_from(sorted(board_config()["peers"][0])),
)
def test_any_value_in_any_field_is_taken_or_refused(field, value, peer_field):
    settings = board_config()
    if peer_field:
        settings["peers"][0][peer_field] = value
    else:
        settings[field] = value
    try:
        checked = config.check(settings)
    except config.Bad as error:
        assert error.field and error.reason
    else:
        assert config.check(json.loads(json.dumps(checked))) == checked


def test_host_and_board_agree_on_limits():
    for name in (
        "ADDRESSES_MAX",
        "DNS_MAX",
        "PEERS_MAX",
        "ALLOWED_IPS_MAX",
        "MTU_MIN_BYTES",
        "MTU_MAX_BYTES",
        "MTU_DEFAULT_BYTES",
        "KEEPALIVE_MAX_S",
    ):
        assert getattr(config, name) == getattr(fields, name), name
