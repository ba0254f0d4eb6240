# SPDX-License-Identifier: MIT
"""Inner packets where no IP stack makes them: IPv4 and IPv6 headers, UDP, ICMP echo.

Addresses are 4 or 16 bytes. Nothing is fragmented or put together again, options and extension
headers are not understood: such packets are parsed as None.
"""

ICMP = 1
UDP = 17
ICMPV6 = 58

IPV4_HEADER_BYTES = 20
IPV6_HEADER_BYTES = 40
UDP_HEADER_BYTES = 8
ECHO_HEADER_BYTES = 8

_HOPS = 64
_V4_ECHO = (8, 0)  # request, reply: RFC 792
_V6_ECHO = (128, 129)  # RFC 4443 section 4
_MORE_OR_OFFSET = 0x3FFF  # of IPv4's flags and fragment offset


def checksum(data):
    """RFC 1071. A sum with end-around carry is what is left by a division by 65535."""
    number = int.from_bytes(data, "big") << 8 * (len(data) & 1)
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


def _pseudo(source, target, protocol, length):
    """What TCP/IP checksums cover besides the message: RFC 768, RFC 8200 section 8.1."""
    if len(source) == 4:
        return source + target + bytes((0, protocol)) + length.to_bytes(2, "big")
    return source + target + length.to_bytes(4, "big") + bytes((0, 0, 0, protocol))


def ip(source, target, protocol, payload):
    """A whole packet of the family that the two addresses have."""
    if len(source) != len(target) or len(source) not in (4, 16):
        raise ValueError("the two addresses must be of one family, 4 or 16 bytes")
    if len(source) == 16:
        head = b"\x60\0\0\0" + len(payload).to_bytes(2, "big") + bytes((protocol, _HOPS))
        return head + source + target + payload
    length = (IPV4_HEADER_BYTES + len(payload)).to_bytes(2, "big")
    # Not to be fragmented (bit 14), so the identification stays 0: RFC 6864 section 4.1.
    head = b"\x45\0" + length + b"\0\0\x40\0" + bytes((_HOPS, protocol))
    addresses = source + target
    return head + checksum(head + addresses).to_bytes(2, "big") + addresses + payload


def udp(source, source_port, target, target_port, data):
    """A packet with a UDP datagram."""
    length = (UDP_HEADER_BYTES + len(data)).to_bytes(2, "big")
    head = source_port.to_bytes(2, "big") + target_port.to_bytes(2, "big") + length
    covered = _pseudo(source, target, UDP, UDP_HEADER_BYTES + len(data)) + head + b"\0\0" + data
    total = checksum(covered) or 0xFFFF
    return ip(source, target, UDP, head + total.to_bytes(2, "big") + data)


def echo(source, target, is_reply, identifier, sequence, data):
    """A packet with a ping, or with the answer to one."""
    v6 = len(source) == 16
    kind = (_V6_ECHO if v6 else _V4_ECHO)[is_reply]
    rest = identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big") + data
    message = bytes((kind, 0, 0, 0)) + rest
    covered = _pseudo(source, target, ICMPV6, len(message)) + message if v6 else message
    message = message[:2] + checksum(covered).to_bytes(2, "big") + rest
    return ip(source, target, ICMPV6 if v6 else ICMP, message)


def parse(packet):
    """(source, target, protocol, payload), or None."""
    if len(packet) < IPV4_HEADER_BYTES:
        return None
    if packet[0] >> 4 == 6:
        return _parse_v6(packet)
    length = int.from_bytes(packet[2:4], "big")
    whole = not int.from_bytes(packet[6:8], "big") & _MORE_OR_OFFSET
    if packet[0] != 0x45 or not whole or not IPV4_HEADER_BYTES <= length <= len(packet):
        return None
    if checksum(packet[:IPV4_HEADER_BYTES]):
        return None
    return packet[12:16], packet[16:20], packet[9], packet[IPV4_HEADER_BYTES:length]


def _parse_v6(packet):
    if len(packet) < IPV6_HEADER_BYTES:
        return None
    end = IPV6_HEADER_BYTES + int.from_bytes(packet[4:6], "big")
    if end > len(packet):
        return None
    return packet[8:24], packet[24:40], packet[6], packet[IPV6_HEADER_BYTES:end]


def parse_udp(source, target, payload):
    """(source port, target port, data), or None: too short, or a wrong checksum."""
    if len(payload) < UDP_HEADER_BYTES:
        return None
    length = int.from_bytes(payload[4:6], "big")
    if not UDP_HEADER_BYTES <= length <= len(payload):
        return None
    payload = payload[:length]
    unchecked = payload[6:8] == b"\0\0" and len(source) == 4
    if not unchecked and checksum(_pseudo(source, target, UDP, length) + payload):
        return None
    ports = int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:4], "big")
    return ports[0], ports[1], payload[UDP_HEADER_BYTES:]


def parse_echo(source, target, payload):
    """(is_reply, identifier, sequence, data), or None: another message, or a wrong checksum."""
    v6 = len(source) == 16
    kinds = _V6_ECHO if v6 else _V4_ECHO
    if len(payload) < ECHO_HEADER_BYTES or payload[0] not in kinds or payload[1]:
        return None
    if checksum(_pseudo(source, target, ICMPV6, len(payload)) + payload if v6 else payload):
        return None
    identifier, sequence = int.from_bytes(payload[4:6], "big"), int.from_bytes(payload[6:8], "big")
    return payload[0] == kinds[1], identifier, sequence, payload[ECHO_HEADER_BYTES:]
