# SPDX-License-Identifier: MIT
"""One WireGuard endpoint that does as it is told: the honest protocol in both roles, and every
deviation from it. It takes any target by address, port and public key.

    target = Target("127.0.0.1", 51820, public_key, "10.7.0.2")
    me = Endpoint(target, Identity(private_key, "10.9.0.1", psk))
    session = me.handshake()                     # initiator, with the keepalive that confirms it
    me.send(session.seal(packet))                # honest
    me.send(session.seal(packet, counter=1 << 40), stranger)  # from another socket

Nothing here waits longer than it is told to.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field

from tests.hostile import noise

INITIATION, RESPONSE, COOKIE, DATA = 1, 2, 3, 4
INITIATION_BYTES, RESPONSE_BYTES, COOKIE_BYTES = 148, 92, 64
HANDSHAKE_S = 2.0
HANDSHAKE_TRIES = 5
# From one address at most 20 handshake messages a second are taken under load (kernel,
# ratelimiter.c), and from one peer 50; a host may deliver late.
INITIATION_PAUSE_S = 0.06
COOKIE_S = 0.15  # within which a target under load asks for a cookie


class NoAnswer(Exception):
    """The target did not answer an honest message in time."""


@dataclass(frozen=True)
class Identity:
    """One client that the target knows: its key, its address in the tunnel, what they share."""

    private: bytes = field(repr=False)
    address: str
    psk: bytes = field(default=noise.NO_PSK, repr=False)

    @property
    def public(self) -> bytes:
        return noise.public(self.private)


@dataclass(frozen=True)
class Target:
    """Where the target is, its public key, and its own address in the tunnel."""

    host: str
    port: int
    public: bytes
    address: str

    @property
    def outer(self) -> tuple[str, int]:
        return self.host, self.port


def with_macs(message: bytes, receiver_public: bytes, cookie: bytes | None = None) -> bytes:
    """Append mac1, and mac2 if there is a cookie (paper §5.4.4)."""
    message += noise.mac(noise.blake2s(b"mac1----", receiver_public), message)
    return message + (noise.mac(cookie, message) if cookie else bytes(16))


def index() -> int:
    return int.from_bytes(os.urandom(4), "little")


def new_socket(host: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    return sock


@dataclass
class Session:
    """Transport keys. `counter` is what the next honest message will use."""

    send_key: bytes = field(repr=False)
    receive_key: bytes = field(repr=False)
    local: int
    remote: int
    counter: int = 0
    received: set[int] = field(default_factory=set)

    def seal(
        self,
        inner: bytes = b"",
        *,
        counter: int | None = None,
        receiver: int | None = None,
        head: bytes = bytes([DATA, 0, 0, 0]),
        pad: bool = True,
    ) -> bytes:
        """A data message; with `counter` given, the honest count stays where it is."""
        if counter is None:
            counter = self.counter
            self.counter += 1
        receiver = self.remote if receiver is None else receiver
        if pad:
            inner += bytes(-len(inner) % 16)
        sealed = noise.seal(self.send_key, counter, inner, b"")
        return head + struct.pack("<IQ", receiver, counter) + sealed

    def open(self, datagram: bytes) -> bytes | None:
        """The inner packet of a data message for this session, None for anything else."""
        if len(datagram) < 32 or struct.unpack_from("<II", datagram) != (DATA, self.local):
            return None
        (counter,) = struct.unpack_from("<Q", datagram, 8)
        inner = noise.unseal(self.receive_key, counter, datagram[16:], b"")
        if inner is not None:
            assert counter not in self.received, f"the target used nonce {counter} twice"
            self.received.add(counter)
        return inner


@dataclass
class Initiation:
    """A first message of ours, and what is needed to go on."""

    message: bytes
    local: int
    ephemeral: bytes = field(repr=False)
    state: noise.Symmetric = field(repr=False)


@dataclass
class Received:
    """A first message of the target's, opened."""

    sender: int
    ephemeral: bytes
    timestamp: bytes
    mac1: bytes
    mac2: bytes
    message: bytes
    state: noise.Symmetric = field(repr=False)


class Endpoint:
    """One identity on one UDP socket; `sessions` holds what incoming data may belong to."""

    def __init__(
        self, target: Target, identity: Identity, sock: socket.socket | None = None
    ) -> None:
        self.target = target
        self.identity = identity
        self.sock = sock or new_socket()
        self.sessions: list[Session] = []
        self.cookie: bytes | None = None  # given by the target to this socket's address
        self._waiting: deque[bytes] = deque()
        self._last_initiation_s = 0.0

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Datagrams.

    def send(self, datagram: bytes, sock: socket.socket | None = None) -> None:
        """From our own socket, or from any other: to a target that is another client."""
        (sock or self.sock).sendto(datagram, self.target.outer)

    def receive(self, wait_s: float, sock: socket.socket | None = None) -> bytes | None:
        """The next datagram, None when there was none in time."""
        if sock is None and self._waiting:
            return self._waiting.popleft()
        sock = sock or self.sock
        sock.settimeout(max(wait_s, 1e-4))
        try:
            return sock.recv(65536)
        except (TimeoutError, BlockingIOError, ConnectionRefusedError):
            return None

    def drain(self, sock: socket.socket | None = None) -> None:
        """Forget what has come."""
        while self.receive(0, sock) is not None:
            pass

    def receive_type(self, kind: int, wait_s: float) -> bytes | None:
        """The next message of one type; everything else that comes before it is lost."""
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            datagram = self.receive(left)
            if datagram is not None and datagram[:1] == bytes([kind]):
                return datagram
        return None

    def open(self, datagram: bytes) -> tuple[Session, bytes] | None:
        """Which session a data message belongs to, and what is in it."""
        for session in self.sessions:
            inner = session.open(datagram)
            if inner is not None:
                return session, inner
        return None

    def receive_inner(self, wait_s: float) -> tuple[Session, bytes] | None:
        """The next data message that opens."""
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            datagram = self.receive(left)
            opened = self.open(datagram) if datagram else None
            if opened is not None:
                return opened
        return None

    def receive_packet(self, wait_s: float) -> tuple[Session, bytes] | None:
        """The next inner packet. Keepalives, which may come at any time, are passed over."""
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            opened = self.receive_inner(left)
            if opened is not None and opened[1]:
                return opened
        return None

    # We initiate (paper §5.4.2).

    def initiation(
        self,
        *,
        local: int | None = None,
        ephemeral: bytes | None = None,
        ephemeral_public: bytes | None = None,
        static_public: bytes | None = None,
        timestamp: bytes | None = None,
        receiver_public: bytes | None = None,
        cookie: bytes | None = None,
        head: bytes = bytes([INITIATION, 0, 0, 0]),
    ) -> Initiation:
        """A first message. ephemeral_public and static_public need not fit the private keys:
        with a point of low order the shared secret is zeros for both sides."""
        responder = receiver_public or self.target.public
        local = index() if local is None else local
        ephemeral = ephemeral or noise.new_private()
        on_wire = ephemeral_public or noise.public(ephemeral)
        timestamp = noise.tai64n(time.time_ns()) if timestamp is None else timestamp
        state = noise.Symmetric(responder)
        state.mix_hash(on_wire)  # e
        state.mix_key(on_wire)
        low_order = on_wire in noise.LOW_ORDER.values()
        state.mix_dh(bytes(32) if low_order else noise.dh(ephemeral, responder))  # es
        sealed_static = state.seal(static_public or self.identity.public)  # s
        low_order = static_public in noise.LOW_ORDER.values()
        state.mix_dh(bytes(32) if low_order else noise.dh(self.identity.private, responder))  # ss
        message = head + struct.pack("<I", local) + on_wire + sealed_static + state.seal(timestamp)
        return Initiation(with_macs(message, responder, cookie), local, ephemeral, state)

    def finish(self, sent: Initiation, response: bytes) -> Session | None:
        """Read the target's response to an initiation of ours (paper §5.4.3)."""
        sender, receiver = struct.unpack_from("<II", response, 4)
        if len(response) != RESPONSE_BYTES or receiver != sent.local:
            return None
        ephemeral, state = response[12:44], sent.state
        state.mix_hash(ephemeral)  # e
        state.mix_key(ephemeral)
        state.mix_dh(noise.dh(sent.ephemeral, ephemeral))  # ee
        state.mix_dh(noise.dh(self.identity.private, ephemeral))  # se
        state.mix_psk(self.identity.psk)  # psk
        if state.unseal(response[44:60]) is None:
            return None
        mine, theirs = state.split()
        session = Session(mine, theirs, sent.local, sender)
        self.sessions.append(session)
        return session

    def deliver(self, message: bytes, wait_s: float = COOKIE_S) -> None:
        """Send an initiation or response so that the target judges it: when it asks for a cookie
        (paper §5.3), send it once more with that. What else comes meanwhile is kept."""
        self.pause()
        self.send(stamped(message, self.cookie) if self.cookie else message)
        came: list[bytes] = []
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            datagram = self.receive(left)
            cookie = self.read_cookie(datagram, message) if datagram else None
            if cookie is not None:
                self.cookie = cookie
                self.pause()
                self.send(stamped(message, cookie))
                break
            if datagram is not None:
                came.append(datagram)
                if datagram[:1] != bytes([INITIATION]):
                    break
        self._waiting.extend(came)

    def pause(self) -> None:
        """Until the target may take another initiation of ours."""
        left = self._last_initiation_s + INITIATION_PAUSE_S - time.monotonic()
        time.sleep(max(left, 0))
        self._last_initiation_s = time.monotonic()

    def try_handshake(self, wait_s: float = HANDSHAKE_S, **deviation: object) -> Session | None:
        """Initiate once; the session, without the message that confirms it. None: no answer."""
        sent = self.initiation(**deviation)  # type: ignore[arg-type]
        self.deliver(sent.message)
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            response = self.receive_type(RESPONSE, left)
            session = self.finish(sent, response) if response else None
            if session is not None:
                return session
        return None

    def handshake(self, **deviation: object) -> Session:
        """Initiate and confirm, as any client would; a datagram may get lost on a busy host."""
        for _ in range(HANDSHAKE_TRIES):
            session = self.try_handshake(**deviation)
            if session is not None:
                self.send(session.seal())
                return session
        raise NoAnswer(f"no handshake with {self.target.host}:{self.target.port}")

    # The target initiates (paper §5.4.3).

    def read_initiation(self, message: bytes) -> Received | None:
        """Open a first message of the target's; None unless it is for us and from it."""
        if len(message) != INITIATION_BYTES or message[:4] != bytes([INITIATION, 0, 0, 0]):
            return None
        sender, ephemeral = struct.unpack_from("<I", message, 4)[0], message[8:40]
        state = noise.Symmetric(self.identity.public)
        state.mix_hash(ephemeral)
        state.mix_key(ephemeral)
        state.mix_dh(noise.dh(self.identity.private, ephemeral))
        static = state.unseal(message[40:88])
        if static != self.target.public:
            return None
        state.mix_dh(noise.dh(self.identity.private, static))
        timestamp = state.unseal(message[88:116])
        if timestamp is None:
            return None
        macs = message[116:132], message[132:148]
        return Received(sender, ephemeral, timestamp, *macs, message, state)

    def wait_initiation(self, wait_s: float) -> Received | None:
        """The target's next initiation to us."""
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive_type(INITIATION, left)
            opened = self.read_initiation(message) if message else None
            if opened is not None:
                return opened
        return None

    def respond(
        self,
        opened: Received,
        *,
        local: int | None = None,
        receiver: int | None = None,
        ephemeral_public: bytes | None = None,
        psk: bytes | None = None,
        cookie: bytes | None = None,
    ) -> tuple[bytes, Session]:
        """The second message and its session. The state of `opened` is used up."""
        local = index() if local is None else local
        ephemeral = noise.new_private()
        on_wire = ephemeral_public or noise.public(ephemeral)
        low_order = ephemeral_public in noise.LOW_ORDER.values()
        state = opened.state
        state.mix_hash(on_wire)
        state.mix_key(on_wire)
        for point in (opened.ephemeral, self.target.public):  # ee, se
            state.mix_dh(bytes(32) if low_order else noise.dh(ephemeral, point))
        state.mix_psk(self.identity.psk if psk is None else psk)
        receiver = opened.sender if receiver is None else receiver
        message = bytes([RESPONSE, 0, 0, 0]) + struct.pack("<II", local, receiver) + on_wire
        message += state.seal(b"")
        theirs, mine = state.split()
        session = Session(mine, theirs, local, opened.sender)
        self.sessions.append(session)
        return with_macs(message, self.target.public, cookie), session

    # Cookies (paper §5.4.7).

    def cookie_reply(
        self,
        to: Received,
        cookie: bytes,
        *,
        receiver: int | None = None,
        public: bytes | None = None,
        mac1: bytes | None = None,
    ) -> bytes:
        """What a server under load answers; by default for that message, from us."""
        key = noise.blake2s(b"cookie--", public or self.identity.public)
        nonce = os.urandom(24)
        sealed = noise.xseal(key, nonce, cookie, to.mac1 if mac1 is None else mac1)
        receiver = to.sender if receiver is None else receiver
        return bytes([COOKIE, 0, 0, 0]) + struct.pack("<I", receiver) + nonce + sealed

    def read_cookie(self, reply: bytes, message: bytes) -> bytes | None:
        """The cookie of the target's reply to an initiation or response of ours."""
        if len(reply) != COOKIE_BYTES or reply[:4] != bytes([COOKIE, 0, 0, 0]):
            return None
        if reply[4:8] != message[4:8]:
            return None
        key = noise.blake2s(b"cookie--", self.target.public)
        return noise.xunseal(key, reply[8:32], reply[32:], message[-32:-16])


def stamped(message: bytes, cookie: bytes) -> bytes:
    """The same message with the mac2 of that cookie."""
    return message[:-16] + noise.mac(cookie, message[:-16])


def has_mac2(message: Received, cookie: bytes) -> bool:
    """Is mac2 that of this cookie?"""
    return message.mac2 == noise.mac(cookie, message.message[:-16])
