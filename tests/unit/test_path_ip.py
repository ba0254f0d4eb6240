# SPDX-License-Identifier: MIT
"""What the C code reads and changes of inner IP packets, and the ICMP errors it makes: against
Python's own reading of the same RFCs."""

from __future__ import annotations

import ctypes
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _wireguard import _c
from tests.hostile.packets import checksum

ICMP_MAX_BYTES = 576
NOT_ECT, ECT_1, ECT_0, CE = range(4)

_c.wg_icmp_unreachable.restype = ctypes.c_size_t
_c.wg_icmp_unreachable.argtypes = [
    ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint16,
]  # fmt: skip
_c.wg_ip_outer_tos.restype = ctypes.c_uint8
_c.wg_ip_outer_tos.argtypes = [ctypes.c_uint]
_c.wg_ip_carry_congestion.restype = None
_c.wg_ip_carry_congestion.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint8]


def ip4(payload: bytes, tos: int = 0, proto: int = 17, **fields: object) -> bytes:
    src = ipaddress.IPv4Address(fields.get("src", "10.7.0.2")).packed
    dst = ipaddress.IPv4Address(fields.get("dst", "10.7.0.9")).packed
    options = bytes(fields.get("options", b""))
    head = struct.pack(
        "!BBHHHBBH", 0x45 + len(options) // 4, tos, 20 + len(options) + len(payload), 7,
        fields.get("fragment", 0), 64, proto, 0,
    )  # fmt: skip
    whole = head + src + dst + options
    return whole[:10] + struct.pack("!H", checksum(whole)) + whole[12:] + payload


def ip6(payload: bytes, tos: int = 0, proto: int = 17, **fields: object) -> bytes:
    src = ipaddress.IPv6Address(fields.get("src", "fd07::2")).packed
    dst = ipaddress.IPv6Address(fields.get("dst", "fd07::9")).packed
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | 0x54321, len(payload), proto, 9) + (
        src + dst + payload
    )


def unreachable(packet: bytes, mtu: int = 0) -> bytes:
    out = ctypes.create_string_buffer(ICMP_MAX_BYTES + 8)
    size = _c.wg_icmp_unreachable(out, packet, len(packet), mtu)
    assert size <= ICMP_MAX_BYTES
    assert out.raw[ICMP_MAX_BYTES:] == bytes(8)
    return out.raw[:size]


@given(st.binary(max_size=1400), st.sampled_from([0, 576, 1280, 1420]))
def test_icmp_error_of_ip4(payload: bytes, mtu: int) -> None:
    packet = ip4(b"\1" + payload)
    error = unreachable(packet, mtu)
    assert checksum(error[:20]) == 0 and checksum(error[20:]) == 0
    assert struct.unpack_from("!H", error, 2)[0] == len(error)
    assert error[12:16] == error[16:20] == packet[12:16]
    assert error[20:22] == bytes([3, 4 if mtu else 1])
    assert struct.unpack_from("!HH", error, 24) == (0, mtu)
    assert error[28:] == packet[: ICMP_MAX_BYTES - 28]


@given(st.binary(max_size=1400), st.sampled_from([0, 1280, 1420]))
def test_icmp_error_of_ip6(payload: bytes, mtu: int) -> None:
    packet = ip6(payload)
    error = unreachable(packet, mtu)
    icmp = error[40:]
    assert checksum(error[8:40] + struct.pack("!II", len(icmp), 58) + icmp) == 0
    assert struct.unpack_from("!H", error, 4)[0] == len(icmp) and error[6] == 58
    assert error[8:24] == error[24:40] == packet[8:24]
    assert icmp[:2] == bytes([2, 0] if mtu else [1, 3])
    assert struct.unpack_from("!I", icmp, 4)[0] == mtu
    assert icmp[8:] == packet[: ICMP_MAX_BYTES - 48]


NO_ERROR = {
    "an ICMP error": ip4(bytes([3, 1, 0, 0]) + bytes(32), proto=1),
    "a redirect": ip4(bytes([5, 1, 0, 0]) + bytes(32), proto=1),
    "a later fragment": ip4(bytes(32), fragment=1),
    "a later fragment, far": ip4(bytes(32), fragment=0x0100),
    "multicast": ip4(bytes(32), dst="224.0.0.251"),
    "broadcast": ip4(bytes(32), dst="255.255.255.255"),
    "no source": ip4(bytes(32), src="0.0.0.0"),
    "header only": ip4(b""),
    "header length 16": b"\x44" + ip4(bytes(32))[1:],
    "options past the end": b"\x4f" + ip4(bytes(20))[1:],
    "longer than it is": ip4(bytes(32))[:40],
    "an ICMPv6 error": ip6(bytes([1, 3, 0, 0]) + bytes(32), proto=58),
    "ICMPv6 without a type": ip6(b"", proto=58),
    "IPv6 multicast": ip6(bytes(32), dst="ff02::1"),
    "IPv6 without a source": ip6(bytes(32), src="::"),
    "neither version": b"\x50" + bytes(60),
    "nothing": b"",
}
AN_ERROR = {
    "a ping": ip4(bytes([8, 0, 0, 0]) + bytes(32), proto=1),
    "the answer to one": ip4(bytes([0, 0, 0, 0]) + bytes(32), proto=1),
    "a first fragment": ip4(bytes(32), fragment=0x2000),
    "options": ip4(bytes(32), options=bytes(40)),
    "an ICMPv6 ping": ip6(bytes([128, 0, 0, 0]) + bytes(32), proto=58),
}


@pytest.mark.parametrize("name", NO_ERROR)
def test_no_icmp_error_about(name: str) -> None:
    assert unreachable(NO_ERROR[name]) == b""


@pytest.mark.parametrize("name", AN_ERROR)
def test_icmp_error_about(name: str) -> None:
    assert unreachable(AN_ERROR[name]) != b""


def test_outer_tos_has_the_inner_ecn_only() -> None:
    """RFC 6040 §4.1, and ECT(0) for CE as Linux does; the DSCP stays inside."""
    outer = {NOT_ECT: NOT_ECT, ECT_1: ECT_1, ECT_0: ECT_0, CE: ECT_0}
    assert [_c.wg_ip_outer_tos(tos) for tos in range(256)] == [outer[tos & 3] for tos in range(256)]


@given(st.integers(0, 255), st.integers(0, 255), st.booleans(), st.binary(max_size=64))
def test_congestion_is_carried_inside(inner: int, outer: int, is_ip4: bool, payload: bytes) -> None:
    """RFC 6040 §4.2: only CE, and only into a packet that is ECN-capable."""
    make = ip4 if is_ip4 else ip6
    packet = make(payload, tos=inner)
    work = ctypes.create_string_buffer(packet, len(packet))
    _c.wg_ip_carry_congestion(work, len(packet), outer)
    marked = outer & 3 == CE and inner & 3 != NOT_ECT
    assert work.raw == make(payload, tos=inner | CE if marked else inner)


@given(st.binary(max_size=80), st.integers(0, 255))
def test_anything_may_come(packet: bytes, outer: int) -> None:
    unreachable(packet)
    unreachable(packet, 1280)
    work = ctypes.create_string_buffer(packet, max(1, len(packet)))
    _c.wg_ip_carry_congestion(work, len(packet), outer)
