# SPDX-License-Identifier: MIT
"""PPP frames on a serial line (RFC 1662): flags, escapes and the 16-bit check."""

from __future__ import annotations

from collections.abc import Iterator

FLAG, ESCAPE, FLIP = 0x7E, 0x7D, 0x20
ADDRESS, CONTROL = 0xFF, 0x03  # all stations, unnumbered information
GOOD_FCS = 0xF0B8
FRAME_MAX_BYTES = 4096


def _fcs_table() -> list[int]:
    """The check of each byte by itself: x^16 + x^12 + x^5 + 1, least bit first (appendix C)."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x8408 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _fcs_table()


def fcs(data: bytes) -> int:
    """The running check over data; GOOD_FCS over data that has its check at the end."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value


def encode(protocol: int, payload: bytes, *, escape_controls: bool) -> bytes:
    """A whole frame. Control characters are escaped until LCP has agreed otherwise (§3.1)."""
    body = bytes((ADDRESS, CONTROL)) + protocol.to_bytes(2, "big") + payload
    body += (fcs(body) ^ 0xFFFF).to_bytes(2, "little")
    frame = bytearray([FLAG])
    for byte in body:
        if byte in (FLAG, ESCAPE) or (escape_controls and byte < 0x20):
            frame += bytes((ESCAPE, byte ^ FLIP))
        else:
            frame.append(byte)
    frame.append(FLAG)
    return bytes(frame)


class Decoder:
    """Takes bytes as they come and gives (protocol, payload) of each whole frame."""

    def __init__(self) -> None:
        self.bad_frames = 0
        self._frame = bytearray()
        self._escaped = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        for byte in data:
            if byte == FLAG:
                yield from self._end()
            elif byte == ESCAPE:
                self._escaped = True
            elif len(self._frame) < FRAME_MAX_BYTES:
                self._frame.append(byte ^ FLIP if self._escaped else byte)
                self._escaped = False

    def _end(self) -> Iterator[tuple[int, bytes]]:
        frame, self._frame = bytes(self._frame), bytearray()
        aborted, self._escaped = self._escaped, False
        if not frame:
            return  # two flags, or one between two frames
        if aborted or len(frame) < 4 or fcs(frame) != GOOD_FCS:
            self.bad_frames += 1
            return
        yield _uncompressed(frame[:-2])


def _uncompressed(body: bytes) -> tuple[int, bytes]:
    """Protocol and payload; address, control and a protocol's zero may have been left out."""
    if body[:2] == bytes((ADDRESS, CONTROL)):
        body = body[2:]
    if body[:1] and body[0] & 1:
        return body[0], body[1:]
    return int.from_bytes(body[:2], "big"), body[2:]
