# SPDX-License-Identifier: MIT
"""IPv4 packets that carry UDP (RFC 791, 768), and the answer to a ping (RFC 792)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ICMP, UDP = 1, 17
HEADER_BYTES = 20
UDP_BYTES = 8
TTL = 64
MORE_OR_OFFSET = 0x3FFF  # the flag and field that only a fragment has


@dataclass(frozen=True)
class Packet:
    protocol: int
    source: bytes
    destination: bytes
    payload: bytes


@dataclass(frozen=True)
class Datagram:
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    payload: bytes


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) & 1)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return total ^ 0xFFFF


def parse(data: bytes) -> Packet | None:
    """None: not a whole, unfragmented packet with a good header."""
    if len(data) < HEADER_BYTES or data[0] >> 4 != 4:
        return None
    head, (size,) = (data[0] & 15) * 4, struct.unpack_from("!H", data, 2)
    fragment = struct.unpack_from("!H", data, 6)[0] & MORE_OR_OFFSET
    if not HEADER_BYTES <= head <= size <= len(data) or fragment or checksum(data[:head]):
        return None
    return Packet(data[9], data[12:16], data[16:20], data[head:size])


def build(packet: Packet, identifier: int) -> bytes:
    size = HEADER_BYTES + len(packet.payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, identifier, 0, TTL, packet.protocol, 0)
    head += packet.source + packet.destination
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + packet.payload


def _pseudo(source: bytes, destination: bytes, size: int) -> bytes:
    return source + destination + struct.pack("!BBH", 0, UDP, size)


def parse_udp(packet: Packet) -> Datagram | None:
    data = packet.payload
    if packet.protocol != UDP or len(data) < UDP_BYTES:
        return None
    source_port, destination_port, size, check = struct.unpack_from("!HHHH", data)
    if not UDP_BYTES <= size <= len(data):
        return None
    if check and checksum(_pseudo(packet.source, packet.destination, size) + data[:size]):
        return None
    body = data[UDP_BYTES:size]
    return Datagram(packet.source, source_port, packet.destination, destination_port, body)


def build_udp(datagram: Datagram, identifier: int) -> bytes:
    size = UDP_BYTES + len(datagram.payload)
    ports = struct.pack("!HHH", datagram.source_port, datagram.destination_port, size)
    pseudo = _pseudo(datagram.source, datagram.destination, size)
    check = checksum(pseudo + ports + bytes(2) + datagram.payload) or 0xFFFF
    payload = ports + check.to_bytes(2, "big") + datagram.payload
    return build(Packet(UDP, datagram.source, datagram.destination, payload), identifier)


def echo_reply(packet: Packet, identifier: int) -> bytes | None:
    """The answer to an echo request, None for all other ICMP."""
    if packet.protocol != ICMP or packet.payload[:1] != b"\x08" or checksum(packet.payload):
        return None
    body = bytes(4) + packet.payload[4:]
    body = bytes(2) + checksum(body).to_bytes(2, "big") + body[4:]
    return build(Packet(ICMP, packet.destination, packet.source, body), identifier)
