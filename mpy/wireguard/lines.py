# SPDX-License-Identifier: MIT
"""Lines of the provisioning protocol: bounded, in one buffer, secrets without copies."""

import sys

import _wireguard

LINE_MAX_BYTES = 4096
CHECK_BYTES = 4  # of a secret's BLAKE2s, behind it on its line
CTRL_C = 0x03

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Lines:
    """Bounded lines of a byte stream, in one buffer that is used again and again."""

    def __init__(self, stream, idle_ms):
        self.buffer = bytearray(LINE_MAX_BYTES)
        self._stream = stream
        self._one = bytearray(1)
        self._idle_ms = idle_ms
        self._poll = _poller(stream)

    def read(self):
        """Length of the next line that is not empty, more than LINE_MAX_BYTES when it was too long
        (and was dropped), None at the end."""
        length = 0
        while True:
            byte = self._byte()
            if byte is None or byte == CTRL_C:
                return None
            if byte == 0x0A or byte == 0x0D:
                if length:
                    return length
                continue
            if length < LINE_MAX_BYTES:
                self.buffer[length] = byte
            length = min(length + 1, LINE_MAX_BYTES + 1)

    def text(self, length):
        return bytes(memoryview(self.buffer)[:length])

    def secret(self, length, out):
        """Decode the line "BASE64 CHECK" into the 32 bytes of `out`; False when it is damaged."""
        return decode(self.buffer, length, out)

    def wipe(self, length):
        for i in range(min(length, LINE_MAX_BYTES)):
            self.buffer[i] = 0
        self._one[0] = 0

    def _byte(self):
        if self._poll and not self._poll.poll(self._idle_ms):
            return None
        try:
            count = self._stream.readinto(self._one)
        except OSError:  # the other end of a pty was closed
            return None
        return self._one[0] if count else None


def decode(line, length, out):
    """Decode "BASE64 CHECK" (44 + 1 + 8 characters) into the 32 bytes of `out`, without making an
    object of any part of it. CHECK is the hex BLAKE2s of the secret, 4 bytes long."""
    if length != 44 + 1 + 2 * CHECK_BYTES or line[43] != 0x3D or line[44] != 0x20:
        return False
    value = at = 0
    bad = 0
    for i in range(43):
        digit = _digit(line[i])
        bad |= digit & 64
        value = (value << 6 | digit & 63) & 0xFFFFFF
        if i & 3 == 3:
            out[at], out[at + 1], out[at + 2] = value >> 16, value >> 8 & 255, value & 255
            at += 3
    out[30], out[31] = value >> 10 & 255, value >> 2 & 255
    if bad or value & 3:
        return False
    check = "".join("%02x" % b for b in _wireguard.blake2s(out)[:CHECK_BYTES])
    return bytes(memoryview(line)[45:length]) == check.encode()


def _digit(char):
    """Value of a base64 digit, 64 for any other byte. Looks at all of them: no secret index."""
    found = 64
    for i in range(64):
        if _BASE64[i] == char:
            found = i
    return found


def _poller(stream):
    """Something with poll(ms), or None where a stream cannot be waited for with a limit."""
    try:
        import select

        poll = select.poll()
        if sys.implementation.name == "micropython" and stream is sys.stdin.buffer:
            stream = sys.stdin
        poll.register(stream, select.POLLIN)
        poll.poll(0)
        return poll
    except Exception:
        return None


def wipe(buffer):
    """Zero a bytearray."""
    for i in range(len(buffer)):
        buffer[i] = 0
