# SPDX-License-Identifier: MIT
"""Lines of the provisioning protocol: bounded, in one buffer, secrets without copies."""

import sys

import _wireguard

LINE_MAX_BYTES = 4096
CHECK_BYTES = 4  # of a BLAKE2s, behind a secret on its line
CTRL_C = 0x03

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Lines:
    """Bounded lines of two byte streams; what comes is read into one buffer again and again."""

    room_bytes = LINE_MAX_BYTES

    def __init__(self, stdin, stdout, idle_ms):
        self.buffer = bytearray(self.room_bytes)
        self.start = 0  # of the line in the buffer: a record's text begins later (pairing)
        self._stdin = stdin
        self._stdout = stdout
        self._one = bytearray(1)
        self._end = CTRL_C
        self._idle_ms = idle_ms
        self.over = False  # nothing will ever come again
        self._poll = _poller(stdin)

    def read(self):
        """Length of the next line that is not empty, more than the buffer when it was too long
        (and was dropped), None at the end."""
        self.start = length = 0
        buffer, one, more = self.buffer, self._one, self._more  # looked up once: this is each byte
        most = len(buffer)
        while more():
            byte = one[0]
            if byte == 0x0A or byte == 0x0D:
                if length:
                    return length
            elif byte == self._end:
                self.over = True
                return None
            elif length < most:
                buffer[length] = byte
                length += 1
            else:
                length = most + 1
        return None

    def write(self, data):
        """Send the bytes of one line. When nobody is there any more, the next read() tells."""
        try:
            for part in (data, b"\n"):
                while part:
                    written = self._stdout.write(part)
                    part = part[written:] if written else b""
            if hasattr(self._stdout, "flush"):
                self._stdout.flush()
        except OSError:  # the other end of a pty was closed
            pass

    def is_json(self):
        """Does the line begin as JSON does? A secret never does: "{" is not base64."""
        return self.buffer[self.start] == 0x7B

    def text(self, length):
        return bytes(memoryview(self.buffer)[self.start : self.start + length])

    def secret(self, length, out):
        """Decode the line "BASE64 CHECK" into the 32 bytes of `out`; False when it is damaged."""
        return decode(memoryview(self.buffer)[self.start :], length, out)

    def make_room(self, line_bytes):
        """From the next line on, for lines that are as long."""
        self.wipe()
        self.buffer = bytearray(line_bytes + self.room_bytes - LINE_MAX_BYTES)

    def wipe(self, length=None):
        """Zero the line of that length; without one, everything."""
        everything = len(self.buffer)
        for i in range(everything if length is None else min(self.start + length, everything)):
            self.buffer[i] = 0
        self._one[0] = 0

    def _more(self):
        """Is there another byte? It is in self._one then."""
        if self._poll and not self._poll.poll(self._idle_ms):
            return False
        try:
            count = self._stdin.readinto(self._one)
        except OSError:  # the other end of a pty was closed
            count = 0
        if not count:
            self.over = count == 0  # None is a UART that has nothing yet
        return bool(count)


def check(data):
    """The first bytes of the BLAKE2s of `data`, in hex: finds damage, not deceit."""
    return "".join("%02x" % b for b in _wireguard.blake2s(data)[:CHECK_BYTES])


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
    return bytes(memoryview(line)[45:length]) == check(out).encode()


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


def interrupt(char):
    """Let MicroPython take that byte for Ctrl-C; -1: none, every byte is ours."""
    try:
        import micropython

        micropython.kbd_intr(char)
    except (ImportError, AttributeError):
        pass
