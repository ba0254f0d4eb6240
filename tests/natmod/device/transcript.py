# SPDX-License-Identifier: MIT
# One handshake and its packets, step by step, against a recording: the same file on CPython and on
# every MicroPython that a native module runs in. Everything that is random in it is fixed.
#
# A transcript is a dict of hex strings and numbers (tests/natmod/record.py): our_private,
# peer_public, preshared, ephemeral, index, role; initiation and response, as they were on the wire;
# packets, a list of (direction, inner packet, datagram). Ours must come out to the same bytes, and
# the peer's must open.
from binascii import hexlify, unhexlify

import _wireguard
from wireguard.core import messages, noise
from wireguard.core.cookie import CookieJar

NOW_MS = 1000
ADDRESS, PORT = b"\x7f\0\0\1", 51820
DELIVER, KEEPALIVE, HANDSHAKE, SEND = 1, 2, 3, 1
ANY = ((b"\0\0\0\0", 0),)


def fail(what, got):
    raise AssertionError(
        what + ": " + (hexlify(got).decode() if isinstance(got, bytes) else str(got))
    )


def same(what, got, want):
    if got != want:
        fail(what, got)


class End:
    """Our end of the recording: a key, one peer, a path."""

    def __init__(self, t):
        self.t = t
        self.key = _wireguard.PrivateKey(unhexlify(t["our_private"]))
        self.public = self.key.public_key()
        self.peer_public = unhexlify(t["peer_public"])
        self.preshared = _wireguard.PresharedKey(unhexlify(t["preshared"]))
        self.ephemeral = _wireguard.PrivateKey(unhexlify(t["ephemeral"]))
        self.jar = CookieJar(_wireguard, self.peer_public)
        self.path = _wireguard.Path()
        self.path.set_identity(self.public)
        self.peer = self.path.add_peer()
        for address, bits in ANY:
            self.path.allow(self.peer, address, bits)
        self.path.set_endpoint(self.peer, ADDRESS, PORT)

    def initiate(self):
        self.noise = noise.Initiator(_wireguard, self.key, self.public, self.peer_public)
        fields = self.noise.initiate(unhexlify(self.t["timestamp"]), self.ephemeral)
        message = messages.pack_initiation(self.t["index"], *fields)
        return self.jar.add_macs(message, NOW_MS)

    def finish(self, datagram):
        self.is_handshake(datagram)
        sender, receiver, ephemeral, empty = messages.parse_response(datagram)
        same("receiver index", receiver, self.t["index"])
        same("payload", self.noise.finish(ephemeral, empty, self.preshared), b"")
        self.install(self.noise.split(receiver, sender, NOW_MS))

    def respond(self, datagram):
        self.is_handshake(datagram)
        sender, ephemeral, static, timestamp = messages.parse_initiation(datagram)
        self.noise = noise.Responder(_wireguard, self.key, self.public)
        same("static key", self.noise.read_static(ephemeral, static), self.peer_public)
        same("timestamp", len(self.noise.read_timestamp(timestamp)), 12)
        fields = self.noise.respond(self.preshared, self.ephemeral)
        message = messages.pack_response(self.t["index"], sender, *fields)
        self.install(self.noise.split(self.t["index"], sender, NOW_MS))
        return self.jar.add_macs(message, NOW_MS)

    def is_handshake(self, datagram):
        same("verdict", self.path.input(datagram, ADDRESS, PORT, NOW_MS), (HANDSHAKE, -1, None))
        spoilt = datagram[:-17] + bytes((datagram[-17] ^ 1,)) + datagram[-16:]
        same("mac1", self.path.input(spoilt, ADDRESS, PORT, NOW_MS)[0], 0)

    def install(self, session):
        self.path.install(self.peer, session, NOW_MS)
        try:
            session.seal(b"")
            fail("the session is still in its handle", 0)
        except ValueError:
            pass

    def send(self, inner):
        if not inner:
            return self.path.seal(self.peer, b"", NOW_MS)
        verdict, peer, datagram = self.path.output(inner, NOW_MS)
        same("verdict", (verdict, peer), (SEND, self.peer))
        return datagram

    def receive(self, datagram):
        spoilt = datagram[:-1] + bytes((datagram[-1] ^ 0x80,))
        same("forgery", self.path.input(spoilt, ADDRESS, PORT, NOW_MS)[0], 0)
        verdict, peer, inner = self.path.input(datagram, ADDRESS, PORT, NOW_MS)
        same("peer", peer, self.peer)
        same("replay", self.path.input(datagram, ADDRESS, PORT, NOW_MS)[0], 0)
        return (
            inner if verdict == DELIVER else b"" if verdict == KEEPALIVE else fail("open", verdict)
        )

    def wipe(self):
        for secret in (self.noise, self.key, self.preshared, self.ephemeral, self.path):
            secret.wipe()
        try:
            self.path.output(b"", NOW_MS)
            fail("the path is still there", 0)
        except ValueError:
            pass


def replay(t):
    """Run the handshake; returns an End for packet()."""
    end = End(t)
    initiation, response = unhexlify(t["initiation"]), unhexlify(t["response"])
    if t["role"] == "initiator":
        same("initiation", end.initiate(), initiation)
        end.finish(response)
    else:
        same("response", end.respond(initiation), response)
    return end


def packet(end, direction, inner, datagram):
    """One packet of the recording."""
    inner, datagram = unhexlify(inner), unhexlify(datagram)
    if direction == "out":
        same("datagram", end.send(inner), datagram)
    else:
        same("inner packet", end.receive(datagram), inner)
