# SPDX-License-Identifier: MIT
"""Lines with a checksum, for a serial line without a prompt: "LINE CHECK", as docs/PROVISIONING.md
says. What came damaged is not carried out, and what came twice is carried out once.
"""

import _wireguard
import wireguard.lines as lines

CHECK_CHARS = 1 + 2 * lines.CHECK_BYTES
DAMAGED = b'{"error": "damaged on the way", "field": "line", "id": null}'


class Frames(lines.Lines):
    """The lines of a framed serial line; see `Lines`. A host that missed a reply sends its line
    again, and gets the same reply again."""

    room_bytes = lines.LINE_MAX_BYTES + CHECK_CHARS

    def __init__(self, stdin, stdout, idle_ms, ctrl_c=False):
        super().__init__(stdin, stdout, idle_ms)
        if not ctrl_c:
            self._end = -1
        self._seen = None  # hash of the last line
        self._last = b""  # the last that was answered to it

    def read(self):
        """As Lines.read, of the next whole line that is new."""
        while True:
            length = super().read()
            if length is None or length > len(self.buffer):
                return length
            length -= CHECK_CHARS
            if length <= 0 or not self._is_whole(length):
                super().write(framed(DAMAGED))
                continue
            seen = _wireguard.blake2s(memoryview(self.buffer)[:length])
            if seen != self._seen:
                self._seen = seen
                return length
            self.wipe(length)
            super().write(self._last)

    def write(self, data):
        self._last = framed(data)
        super().write(self._last)

    def _is_whole(self, length):
        line = memoryview(self.buffer)[: length + CHECK_CHARS]
        return bytes(line[length:]) == (" " + lines.check(line[:length])).encode()


def framed(data):
    """`data` with its checksum behind it."""
    return data + (" " + lines.check(data)).encode()
