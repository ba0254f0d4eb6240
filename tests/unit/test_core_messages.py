# SPDX-License-Identifier: MIT
"""Layout of the handshake messages against the tables of the paper, §5.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireguard.core import messages

EPHEMERAL = bytes(range(100, 132))
STATIC = bytes(range(48))
TIMESTAMP = bytes(range(28))
EMPTY = bytes(range(16))
MACS = b"\xaa" * 16 + b"\xbb" * 16


def test_initiation_layout() -> None:
    message = messages.pack_initiation(0x04030201, EPHEMERAL, STATIC, TIMESTAMP) + MACS
    assert message == b"\1\0\0\0\1\2\3\4" + EPHEMERAL + STATIC + TIMESTAMP + MACS
    assert len(message) == messages.INITIATION_BYTES == 148
    assert messages.message_type(message) == messages.INITIATION
    assert messages.parse_initiation(message) == (0x04030201, EPHEMERAL, STATIC, TIMESTAMP)


def test_response_layout() -> None:
    message = messages.pack_response(0x04030201, 0xFFFFFFFE, EPHEMERAL, EMPTY) + MACS
    assert message == b"\2\0\0\0\1\2\3\4\xfe\xff\xff\xff" + EPHEMERAL + EMPTY + MACS
    assert len(message) == messages.RESPONSE_BYTES == 92
    assert messages.message_type(message) == messages.RESPONSE
    assert messages.parse_response(message) == (0x04030201, 0xFFFFFFFE, EPHEMERAL, EMPTY)


def test_cookie_reply_layout() -> None:
    nonce, cookie = bytes(range(24)), bytes(range(32))
    message = messages.pack_cookie_reply(5, nonce, cookie)
    assert message == b"\3\0\0\0\5\0\0\0" + nonce + cookie
    assert len(message) == messages.COOKIE_REPLY_BYTES == 64
    assert messages.message_type(message) == messages.COOKIE_REPLY
    assert messages.parse_cookie_reply(message) == (5, nonce, cookie)


@pytest.mark.parametrize(
    ("first", "size", "expected"),
    [
        (1, 148, 1), (1, 147, 0), (1, 149, 0), (2, 92, 2), (2, 93, 0), (2, 148, 0),
        (3, 64, 3), (3, 63, 0), (4, 32, 4), (4, 31, 0), (4, 1500, 4), (0, 148, 0), (5, 148, 0),
        (255, 64, 0),
    ],
)  # fmt: skip
def test_type_by_first_byte_and_length(first: int, size: int, expected: int) -> None:
    assert messages.message_type(bytes([first]) + bytes(size - 1)) == expected


@pytest.mark.parametrize("position", [1, 2, 3])
def test_reserved_bytes_must_be_zero(position: int) -> None:
    for kind, size in ((1, 148), (2, 92), (3, 64), (4, 32)):
        message = bytearray([kind]) + bytes(size - 1)
        message[position] = 1
        assert messages.message_type(message) == 0


@given(st.binary(max_size=200))
def test_any_bytes_have_a_type_or_none(datagram: bytes) -> None:
    assert messages.message_type(datagram) in (0, 1, 2, 3, 4)
    assert messages.message_type(memoryview(datagram)) == messages.message_type(datagram)
