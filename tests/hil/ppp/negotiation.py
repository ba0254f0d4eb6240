# SPDX-License-Identifier: MIT
"""LCP and IPCP (RFC 1661, RFC 1332), as far as a network that gives a board its address needs it.

The board is the one that begins: a Configure-Request of its own starts a layer anew, also after a
reset that this side has not heard of.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

LCP, IPCP, IPV4 = 0xC021, 0x8021, 0x0021
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATE_ACK = 1, 2, 3, 4, 5, 6
PROTOCOL_REJECT, ECHO_REQUEST, ECHO_REPLY = 8, 9, 10
RESEND_S = 1.0

Options = list[tuple[int, bytes]]
Send = Callable[[int, bytes], None]


def unpack_options(data: bytes) -> Options:
    found: Options = []
    while len(data) >= 2 and 2 <= data[1] <= len(data):
        found.append((data[0], data[2 : data[1]]))
        data = data[data[1] :]
    return found


def pack_options(options: Options) -> bytes:
    return b"".join(bytes((kind, 2 + len(value))) + value for kind, value in options)


def packet(code: int, identifier: int, data: bytes) -> bytes:
    return struct.pack("!BBH", code, identifier, 4 + len(data)) + data


class Layer:
    """One control protocol.

    wanted: what this side asks for.  accepted: kinds of options that the board may have as it
    likes; forced: those that it may have with this value only. Others are rejected.
    """

    def __init__(
        self, protocol: int, send: Send, wanted: Options, accepted: set[int], forced: Options
    ) -> None:
        self.protocol = protocol
        self._send = send
        self._wanted = wanted
        self._accepted = accepted
        self._forced = dict(forced)
        self._identifier = 0
        self._resend_at: float | None = None
        self._theirs = False
        self._ours = False

    @property
    def opened(self) -> bool:
        return self._theirs and self._ours

    def close(self) -> None:
        self._theirs = self._ours = False
        self._resend_at = None

    def tick(self, now_s: float) -> None:
        """Ask again when the board did not answer."""
        if self._resend_at is not None and now_s >= self._resend_at:
            self._ask(now_s)

    def receive(self, data: bytes, now_s: float) -> None:
        if len(data) < 4:
            return
        code, identifier, size = struct.unpack_from("!BBH", data)
        content = data[4:size]
        if code == REQUEST:
            self._requested(identifier, unpack_options(content), now_s)
        elif code == ACK and identifier == self._identifier:
            self._ours, self._resend_at = True, None
        elif code in (NAK, REJECT) and identifier == self._identifier:
            refused = {kind for kind, _ in unpack_options(content)}
            self._wanted = [option for option in self._wanted if option[0] not in refused]
            self._ask(now_s)
        elif code == TERMINATE:
            self.close()
            self._reply(TERMINATE_ACK, identifier, b"")
        elif code == ECHO_REQUEST:
            self._reply(ECHO_REPLY, identifier, bytes(4) + content[4:])

    def _requested(self, identifier: int, options: Options, now_s: float) -> None:
        untouched = not (self._theirs or self._ours or self._resend_at)
        if self.opened or untouched:
            self.close()
            self._ask(now_s)
        rejected = [o for o in options if o[0] not in self._accepted and o[0] not in self._forced]
        other = [(k, self._forced[k]) for k, v in options if self._forced.get(k, v) != v]
        if rejected:
            self._reply(REJECT, identifier, pack_options(rejected))
        elif other:
            self._reply(NAK, identifier, pack_options(other))
        else:
            self._theirs = True
            self._reply(ACK, identifier, pack_options(options))

    def _ask(self, now_s: float) -> None:
        self._identifier = self._identifier % 255 + 1
        self._resend_at = now_s + RESEND_S
        self._reply(REQUEST, self._identifier, pack_options(self._wanted))

    def _reply(self, code: int, identifier: int, data: bytes) -> None:
        self._send(self.protocol, packet(code, identifier, data))


class Link:
    """LCP, then IPCP; says when IPv4 may flow, and refuses every other protocol."""

    def __init__(self, send: Send, host: bytes, board: bytes) -> None:
        self._send = send
        mru, accm, magic, short_protocol, short_address = 1, 2, 5, 7, 8
        self.lcp = Layer(
            LCP,
            send,
            [(accm, bytes(4))],
            {mru, accm, magic, short_protocol, short_address},
            [],
        )
        address, dns, dns2 = 3, 129, 131  # RFC 1332 §3.3, RFC 1877
        self.ipcp = Layer(
            IPCP,
            send,
            [(address, host)],
            set(),
            [(address, board), (dns, host), (dns2, host)],
        )
        self._rejects = 0

    @property
    def up(self) -> bool:
        return self.lcp.opened and self.ipcp.opened

    def receive(self, protocol: int, data: bytes, now_s: float) -> None:
        if protocol == LCP:
            was_open = self.lcp.opened
            self.lcp.receive(data, now_s)
            if was_open and not self.lcp.opened:
                self.ipcp.close()
        elif not self.lcp.opened:
            return
        elif protocol == IPCP:
            self.ipcp.receive(data, now_s)
        else:
            self._rejects = self._rejects % 255 + 1
            refusal = protocol.to_bytes(2, "big") + data
            self._send(LCP, packet(PROTOCOL_REJECT, self._rejects, refusal[:1400]))

    def tick(self, now_s: float) -> None:
        for layer in self._layers():
            layer.tick(now_s)

    def close(self) -> None:
        for layer in self._layers():
            layer.close()

    def _layers(self) -> Iterator[Layer]:
        yield from (self.lcp, self.ipcp)
