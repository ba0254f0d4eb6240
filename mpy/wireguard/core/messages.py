# SPDX-License-Identifier: MIT
"""Wire layout of the three handshake messages (paper §5.4.2, §5.4.3, §5.4.7) and the data header.

All integers are little endian. The first byte is the type, the next three are zero. Fields are
returned as slices of the datagram, in wire order. Lengths are checked by `message_type` only: a
parser must be given a message whose type it returned.
"""

INITIATION = 1
RESPONSE = 2
COOKIE_REPLY = 3
DATA = 4

INITIATION_BYTES = 148
RESPONSE_BYTES = 92
COOKIE_REPLY_BYTES = 64
DATA_HEADER_BYTES = 16
DATA_MIN_BYTES = 32  # header and the tag of an empty packet

MAC_BYTES = 16
MACS_BYTES = 2 * MAC_BYTES  # mac1 and mac2 close the initiation and the response

_LENGTHS = (0, INITIATION_BYTES, RESPONSE_BYTES, COOKIE_REPLY_BYTES)


def _u32(number):
    return number.to_bytes(4, "little")


def message_type(datagram):
    """Return 1 to 4, or 0 for anything that no WireGuard message can look like."""
    size = len(datagram)
    if size < DATA_MIN_BYTES or datagram[1] or datagram[2] or datagram[3]:
        return 0
    kind = datagram[0]
    if kind == DATA:
        return DATA
    if INITIATION <= kind <= COOKIE_REPLY and size == _LENGTHS[kind]:
        return kind
    return 0


def pack_initiation(sender, ephemeral, static, timestamp):
    """Everything before the macs: index, 32 + 48 + 28 bytes."""
    return b"".join((b"\x01\0\0\0", _u32(sender), ephemeral, static, timestamp))


def sender_of(datagram):
    """The sender's index of an initiation or a response."""
    return _index(datagram, 4)


def receiver_of(response):
    """The receiver's index of a response."""
    return _index(response, 8)


def parse_initiation(datagram):
    """Return (sender, ephemeral, static, timestamp)."""
    return _index(datagram, 4), datagram[8:40], datagram[40:88], datagram[88:116]


def pack_response(sender, receiver, ephemeral, empty):
    """Everything before the macs: two indices, 32 + 16 bytes."""
    return b"".join((b"\x02\0\0\0", _u32(sender), _u32(receiver), ephemeral, empty))


def parse_response(datagram):
    """Return (sender, receiver, ephemeral, empty)."""
    return _index(datagram, 4), _index(datagram, 8), datagram[12:44], datagram[44:60]


def pack_cookie_reply(receiver, nonce, cookie):
    """The whole message: index, 24 + 32 bytes."""
    return b"".join((b"\x03\0\0\0", _u32(receiver), nonce, cookie))


def parse_cookie_reply(datagram):
    """Return (receiver, nonce, cookie)."""
    return _index(datagram, 4), datagram[8:32], datagram[32:64]


def _index(datagram, offset):
    return int.from_bytes(datagram[offset : offset + 4], "little")
