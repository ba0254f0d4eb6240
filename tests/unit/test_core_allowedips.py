# SPDX-License-Identifier: MIT
"""CIDR text, against CPython's ipaddress, and longest-prefix lookup against a plain search."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import _wireguard
from wireguard.core import allowedips

V4 = st.binary(min_size=4, max_size=4)
V6 = st.binary(min_size=16, max_size=16) | st.lists(
    st.sampled_from([b"\0\0", b"\0\x01", b"\xab\xcd"]), min_size=8, max_size=8
).map(b"".join)
ADDRESSES = V4 | V6


@given(ADDRESSES)
def test_addresses_as_the_standard_library(packed: bytes) -> None:
    text = allowedips.format_address(packed)
    assert text == str(ipaddress.ip_address(packed))
    assert allowedips.parse_address(text) == packed


@given(V6)
def test_long_form_is_read_too(packed: bytes) -> None:
    address = ipaddress.IPv6Address(packed)
    assert allowedips.parse_address(address.exploded.upper()) == packed


@given(ADDRESSES, st.data())
def test_cidr_as_the_standard_library(packed: bytes, data: st.DataObject) -> None:
    bits = data.draw(st.integers(0, 8 * len(packed)))
    text = f"{ipaddress.ip_address(packed)}/{bits}"
    network = ipaddress.ip_network(text, strict=False)
    assert allowedips.parse_cidr(text) == (network.network_address.packed, bits)
    assert allowedips.format_cidr(*allowedips.parse_cidr(text)) == str(network)


def test_a_bare_address_is_one_host() -> None:
    assert allowedips.parse_cidr("10.7.0.2") == (bytes([10, 7, 0, 2]), 32)
    assert allowedips.parse_cidr("::1") == (bytes(15) + b"\1", 128)


def test_everything() -> None:
    assert allowedips.parse_cidr("0.0.0.0/0") == (bytes(4), 0)
    assert allowedips.parse_cidr("::/0") == (bytes(16), 0)


@pytest.mark.parametrize("text", ["::ffff:1.2.3.4", "1:2:3:4:5:6:7.8.9.10", "::1.2.3.4", "1::"])
def test_odd_but_good_ipv6(text: str) -> None:
    assert allowedips.parse_address(text) == ipaddress.IPv6Address(text).packed


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
        "10.0.0/8", "10.0.0.0.0", "10.0.0.256", "10.0.0.01", "010.0.0.1", "0x0a.0.0.1",
        "10.0.0. 1", " 10.0.0.1", "10.0.0.1 ", "1e1.0.0.1", "10.0.0.\u0661", "a.b.c.d", "::/129",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", ":", ":1", "1:",
        "1:2:3:4:5:6:7::8", "12345::", "g::", "fe80::1%eth0", "::1.2.3", "1.2.3.4::",
        "::1.2.3.4:5", "::+1", "::\u0661", "+1.0.0.0", "1:2:3:4:5:6:7:1.2.3.4", "10.0.0.0/8 ",
        "10.0.0.0/+8", "10.0.0.0/1_0",
    ],
)  # fmt: skip
def test_bad_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as error:
        allowedips.parse_cidr(text)
    assert "\n" not in str(error.value)


@given(st.text("0123456789abcdefg:./-% ", max_size=24))
@example("1:2:3:4:5:6:7::")
def test_never_laxer_than_the_standard_library(text: str) -> None:
    try:
        packed = allowedips.parse_address(text)
    except ValueError:
        return
    assert ipaddress.ip_address(text).packed == packed


RULES = st.lists(st.tuples(st.integers(0, 3), ADDRESSES, st.integers(0, 128)), max_size=14)


@given(RULES, st.lists(ADDRESSES, max_size=8))
def test_lookup_is_longest_prefix(rules: list, extra: list[bytes]) -> None:
    path = _wireguard.Path()
    peers = [path.add_peer() for _ in range(4)]
    table: dict = {}
    for peer, address, bits in rules:
        bits = min(bits, 8 * len(address))
        path.allow(peers[peer], address, bits)
        table[ipaddress.ip_network((address, bits), strict=False)] = peers[peer]
    for address in extra + [rule[1] for rule in rules]:
        ip = ipaddress.ip_address(address)
        covering = [n for n in table if n.version == ip.version and ip in n]
        best = max(covering, key=lambda n: n.prefixlen, default=None)
        assert path.lookup(address) == (-1 if best is None else table[best])
