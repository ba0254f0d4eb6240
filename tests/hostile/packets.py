# SPDX-License-Identifier: MIT
"""Inner packets: IPv4 with ICMP echo or UDP, right or wrong on purpose."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct

ICMP, UDP = 1, 17
ECHO_REPLY, UNREACHABLE, ECHO_REQUEST = 0, 3, 8
IPV4_BYTES = 20


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(
    source: str,
    to: str,
    body: bytes,
    protocol: int = ICMP,
    *,
    version: int = 4,
    options: bytes = b"",
    total_bytes: int | None = None,
    tos: int = 0,
    fragment: int = 0,
    ident: int = 0,
) -> bytes:
    """options: a multiple of 4 bytes.  total_bytes: what the header claims.  fragment: its field"""
    words = 5 + len(options) // 4
    length = 4 * words + len(body) if total_bytes is None else total_bytes
    addresses = socket.inet_aton(source) + socket.inet_aton(to)
    first = version << 4 | words
    head = struct.pack("!BBHHHBBH", first, tos, length, ident, fragment, 64, protocol, 0)
    head += addresses + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def ipv6(source: str, to: str, body: bytes, following: int) -> bytes:
    addresses = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(to).packed
    return struct.pack("!IHBB", 6 << 28, len(body), following, 64) + addresses + body


def icmp(kind: int, rest: bytes) -> bytes:
    """rest: identifier, sequence number, payload."""
    head = bytes([kind, 0])
    return head + struct.pack("!H", checksum(head + bytes(2) + rest)) + rest


def udp(source: str, to: str, source_port: int, port: int, payload: bytes) -> bytes:
    length = 8 + len(payload)
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!HH", UDP, length)
    head = struct.pack("!HHH", source_port, port, length)
    total = checksum(pseudo + head + bytes(2) + payload) or 0xFFFF
    return head + struct.pack("!H", total) + payload


class Echo:
    """One echo request and how to know its answer."""

    def __init__(self, source: str, to: str, size_bytes: int = 24) -> None:
        self.source, self.to = source, to
        self.rest = os.urandom(4 + size_bytes)
        self.packet = ipv4(source, to, icmp(ECHO_REQUEST, self.rest))

    def is_answer(self, inner: bytes) -> bool:
        """Is it the echo reply to this request, whoever sent it?"""
        if len(inner) < IPV4_BYTES + 8 or inner[0] >> 4 != 4 or inner[9] != ICMP:
            return False
        body = inner[4 * (inner[0] & 15) : struct.unpack_from("!H", inner, 2)[0]]
        return body[:1] == bytes([ECHO_REPLY]) and body[4:] == self.rest
